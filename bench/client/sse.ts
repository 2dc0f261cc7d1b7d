/** A client that orders a job by HTTP and reads its Server-Sent Events. Lean, because it shares the cores with what it measures. */
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { now } from '../../test/support/scripted-gateway';
import type { Call } from './call';
import { Transcript } from './transcript';

export function createSseClient(baseUrl: () => string): Call {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
  return ({ swarm, message, limitMs, onPiece }) => {
    const body = JSON.stringify({ swarm_id: swarm, message, stream: true });
    return new Promise((resolve) => {
      const heard = new Transcript(onPiece);
      const outgoing = request(`${baseUrl()}/swarm/execute`, {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      const over = (why?: string) => {
        clearTimeout(patience);
        if (why && Number.isNaN(heard.endedAt)) heard.ending = why;
        resolve(heard);
      };
      const patience = setTimeout(() => giveUp(outgoing, over), limitMs);
      outgoing.on('error', (error) => over(error.message));
      outgoing.on('response', (response) => read(response, heard, over));
      outgoing.end(body);
    });
  };
}

function giveUp(outgoing: ClientRequest, over: (why: string) => void): void {
  over('no end in time');
  outgoing.destroy();
}

function read(response: IncomingMessage, heard: Transcript, over: (why?: string) => void): void {
  let buffer = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const at = now();
    buffer += chunk;
    let from = 0;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n', from)) {
      const data = buffer.indexOf('data: ', from);
      if (data >= 0 && data < end && buffer[data + 6] === '{') heard.take(buffer.slice(data + 6, end), at);
      from = end + 2;
    }
    buffer = buffer.slice(from);
  });
  response.on('error', (error) => over(error.message));
  response.on('close', () => over(`closed with status ${response.statusCode}`));
}
