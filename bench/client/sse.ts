/** A client that requests a job by HTTP and reads its Server-Sent Events. Lean, because it shares the cores with the measured system. */
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { now } from '../../test/support/scripted-gateway';
import type { Call } from './call';
import { Transcript } from './transcript';

export function createSseClient(baseUrl: () => string): Call {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' });
  return ({ swarm, message, limitMs, onPiece }) => {
    const body = JSON.stringify({ swarm_id: swarm, message, stream: true });
    return new Promise((resolve) => {
      const received = new Transcript(onPiece);
      const outgoing = request(`${baseUrl()}/swarm/execute`, {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      const over = (why?: string) => {
        clearTimeout(patience);
        if (why && Number.isNaN(received.endedAt)) received.ending = why;
        resolve(received);
      };
      const patience = setTimeout(() => giveUp(outgoing, over), limitMs);
      outgoing.on('error', (error) => over(error.message));
      outgoing.on('response', (response) => read(response, received, over));
      outgoing.end(body);
    });
  };
}

function giveUp(outgoing: ClientRequest, over: (why: string) => void): void {
  over('no end in time');
  outgoing.destroy();
}

function read(response: IncomingMessage, received: Transcript, over: (why?: string) => void): void {
  let buffer = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const at = now();
    buffer += chunk;
    let from = 0;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n', from)) {
      const data = buffer.indexOf('data: ', from);
      if (data >= 0 && data < end && buffer[data + 6] === '{') received.take(buffer.slice(data + 6, end), at);
      from = end + 2;
    }
    buffer = buffer.slice(from);
  });
  response.on('error', (error) => over(error.message));
  response.on('close', () => over(`closed with status ${response.statusCode}`));
}
