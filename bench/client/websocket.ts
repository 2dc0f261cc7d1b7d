/** A client that requests a job on a WebSocket. A free connection is reused, as a web page would. */
import WebSocket from 'ws';
import { now } from '../../test/support/scripted-gateway';
import type { Call } from './call';
import { Transcript } from './transcript';

export function createWebSocketClient(baseUrl: () => string): Call {
  const free: WebSocket[] = [];
  const take = async () => {
    const socket = free.pop();
    return socket?.readyState === WebSocket.OPEN ? socket : connect(baseUrl());
  };
  return async ({ swarm, message, limitMs, onPiece }) => {
    const socket = await take();
    return new Promise((resolve) => {
      const received = new Transcript(onPiece);
      const over = (why?: string) => {
        clearTimeout(patience);
        socket.removeAllListeners('message').removeAllListeners('close');
        if (why) received.ending = why;
        else free.push(socket);
        resolve(received);
      };
      const patience = setTimeout(() => over('no end in time'), limitMs);
      socket.on('close', () => over('connection closed'));
      socket.on('message', (data: Buffer) => {
        received.take(data.toString(), now());
        if (!Number.isNaN(received.endedAt)) over();
      });
      socket.send(JSON.stringify({ swarm_id: swarm, message }));
    });
  };
}

function connect(baseUrl: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws/swarm?listen=false`);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
