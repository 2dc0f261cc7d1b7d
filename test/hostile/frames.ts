/**
 * Hostile WebSocket clients: invalid frames, far too many frames, or frames about other callers' runs; sockets that are silent or do not
 * read.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type WebSocket from 'ws';
import type { Chance } from '../support/chance';
import type { Kind } from './action';
import type { Site } from './site';
import { SHAPES } from './shapes';

const text = (frame: unknown) => JSON.stringify(frame);
const letters = (chance: Chance, length: number) =>
  Array.from({ length }, () => chance.below(36).toString(36)).join('');

/** Opens a socket, sends the frames, and waits briefly for replies. */
function sending(name: string, frames: (chance: Chance) => (string | Buffer)[], stayMs = 1500, isEarly = false): Kind {
  return {
    name: `frames: ${name}`,
    isEarly,
    make: (chance) => {
      const all = frames(chance);
      return { attack: (site) => sendAll(site, all, stayMs) };
    },
  };
}

async function sendAll(site: Site, frames: readonly (string | Buffer)[], stayMs: number): Promise<void> {
  const socket = await site.openSocket();
  if (!socket) return;
  for (const [i, frame] of frames.entries()) {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(frame, () => undefined);
    if (i % 500 === 499) await drain(socket);
  }
  await Promise.race([once(socket, 'close'), sleep(stayMs)]);
  await end(socket);
}

async function drain(socket: WebSocket): Promise<void> {
  for (let i = 0; i < 100 && socket.bufferedAmount > 1e6; i++) await sleep(20);
  await sleep(1);
}

async function end(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  socket.close(1000);
  await Promise.race([once(socket, 'close'), sleep(1000)]);
  socket.terminate();
}

const MANY = 20_000;

const SENT: readonly Kind[] = [
  sending('garbage', (chance) => Array.from({ length: 50 }, () => letters(chance, 1 + chance.below(200)))),
  sending('shapes', (chance) => Array.from({ length: 4 }, () => chance.pick(SHAPES).text(chance))),
  sending('shapes as messages', (chance) => [
    text({ swarm_id: 'one-voice', session_id: chance.pick(SHAPES).text(chance), message: 'Hi' }),
  ]),
  sending('binary', (chance) =>
    Array.from({ length: 20 }, () => Buffer.from(Array.from({ length: 500 }, () => chance.below(256)))),
  ),
  sending('empty', () => Array.from({ length: 200 }, () => '')),
  sending('scalars', () => ['1', 'null', 'true', '"x"', '[]', '{}', '[[]]', 'NaN', '1e999', '-0']),
  sending('deep JSON', () => [`{"swarm_id":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, '{"a":'.repeat(100_000)]),
  sending('prototype keys', () => [
    '{"__proto__": {"swarm_id": "one-voice", "message": "Hi"}}',
    '{"constructor": {"prototype": {"run_id": "x"}}, "run_id": "__proto__"}',
    '{"cancel": "__proto__"}',
    '{"run_id": "constructor", "after": "0"}',
  ]),
  sending('several fields at once', () => [
    text({ swarm_id: 'one-voice', message: 'Hi', run_id: 'x', cancel: 'y' }),
    text({ cancel: null, run_id: [] }),
  ]),
  sending(
    '20,000 follows of one run',
    () => Array.from({ length: MANY }, () => text({ run_id: 'one-voice-nothing' })),
    4000,
  ),
  sending(
    '20,000 follows of other runs',
    (chance) => Array.from({ length: MANY }, (_, i) => text({ run_id: `${letters(chance, 8)}-${i}`, after: '0' })),
    4000,
    true,
  ),
  sending(
    '2,000 cancels of runs of others',
    (chance) => Array.from({ length: 2000 }, () => text({ cancel: `one-voice-${letters(chance, 12)}` })),
    3000,
  ),
  sending('cancels of what is no run', () =>
    ['../..', '%00', 'temporal-sys-scheduler', 'a'.repeat(200), '\u0000', "' OR ''='"].map((cancel) =>
      text({ cancel }),
    ),
  ),
  sending('odd cursors', () =>
    ['-1', '1-', '9999999999999999-9999999999999999', '0-0', 'NaN', '1e3-1', '𝟘'].map((after) =>
      text({ run_id: 'x', after }),
    ),
  ),
  sending('a huge frame', () => [Buffer.alloc(19 * 1024 * 1024, 0x20)], 3000),
  sending('a frame above the limit', () => [Buffer.alloc(21 * 1024 * 1024, 0x20)], 3000),
  sending('a huge object', () => [`{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`]),
  sending(
    '500 starts that are refused',
    () => Array.from({ length: 500 }, () => text({ swarm_id: 'nope', message: 'Hi' })),
    3000,
  ),
  sending('starts with odd options', () =>
    [
      { temperature: 1e308 },
      { max_tokens: -1 },
      { drafts: 1e9 },
      { max_rounds: 0.5 },
      { budget_usd: '1' },
      { session_policy: '__proto__' },
      { cache: [] },
    ].map((more) => text({ swarm_id: 'one-voice', message: 'Hi', ...more })),
  ),
];

async function attackRaw(site: Site, frame: (socket: WebSocket) => void, stayMs = 1500): Promise<void> {
  const socket = await site.openSocket();
  if (!socket) return;
  frame(socket);
  await Promise.race([once(socket, 'close'), sleep(stayMs)]);
  socket.terminate();
}

/** The TCP connection of a client's socket. */
const wire = (socket: WebSocket) =>
  (socket as unknown as { _socket?: { write(bytes: Buffer): void; pause(): void } })._socket;
const wired = (name: string, bytes: (chance: Chance) => Buffer): Kind => ({
  name: `frames: ${name}`,
  make: (chance) => {
    const payload = bytes(chance);
    return { attack: (site) => attackRaw(site, (socket) => wire(socket)?.write(payload)) };
  },
});

const WIRED: readonly Kind[] = [
  wired('bytes that are no frame', (chance) => Buffer.from(Array.from({ length: 2000 }, () => chance.below(256)))),
  wired('a frame without a mask', () => Buffer.from([0x81, 0x02, 0x7b, 0x7d])),
  wired('a frame that promises 2^63 bytes', () =>
    Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
  ),
  wired('reserved bits', () => Buffer.from([0xf1, 0x80, 0, 0, 0, 0])),
  wired('an unknown opcode', () => Buffer.from([0x83, 0x80, 0, 0, 0, 0])),
  wired('a continuation of nothing', () => Buffer.from([0x80, 0x80, 0, 0, 0, 0])),
  wired('a long control frame', () =>
    Buffer.concat([Buffer.from([0x89, 0xfe, 0x02, 0x00, 0, 0, 0, 0]), Buffer.alloc(512)]),
  ),
  wired('text that is no UTF-8', () => Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28])),
  wired('a close code that is none', () => Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x00, 0x01])),
  wired('fragments without an end', () =>
    Buffer.concat(Array.from({ length: 5000 }, (_, i) => Buffer.from([i === 0 ? 0x01 : 0x00, 0x81, 0, 0, 0, 0, 0x20]))),
  ),
];

/** The number of sockets that a hostile client holds open at once. */
const SOCKETS = 60;

const BEHAVIOURS: readonly Kind[] = [
  {
    name: 'frames: pings without an end',
    make: () => ({
      attack: (site) =>
        attackRaw(
          site,
          (socket) => {
            for (let i = 0; i < 5000; i++) socket.ping('x'.repeat(125), true, () => undefined);
          },
          3000,
        ),
    }),
  },
  {
    name: 'frames: a reader that does not read',
    make: () => ({
      attack: async (site) => {
        const socket = await site.openSocket();
        if (!socket) return;
        wire(socket)?.pause();
        for (let i = 0; i < 3000; i++) socket.send(text({ run_id: `nothing-${i}` }), () => undefined);
        await sleep(6000);
        socket.terminate();
      },
    }),
  },
  {
    name: 'frames: many sockets that say nothing',
    make: () => ({
      attack: async (site) => {
        const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => site.openSocket()));
        await sleep(2000);
        for (const socket of sockets) socket?.terminate();
      },
    }),
  },
  {
    name: 'frames: sockets that come and go',
    make: () => ({
      attack: async (site) => {
        for (let i = 0; i < SOCKETS; i++) {
          const socket = await site.openSocket();
          socket?.send(text({ run_id: `nothing-${i}` }), () => undefined);
          socket?.terminate();
        }
      },
    }),
  },
  {
    name: 'frames: a handshake that stops',
    make: () => ({
      attack: async (site) => {
        const head = `GET /ws/swarm HTTP/1.1\r\nHost: ${site.authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
        await site.exchange(head, { forMs: 3000 });
      },
    }),
  },
  {
    name: 'frames: handshakes with odd headers',
    make: () => ({
      attack: async (site) => {
        await site.openSocket('/ws/swarm', { origin: 'http://evil.example' });
        await site.openSocket('/ws/swarm', { host: 'evil.example' });
        await site.openSocket('/ws/swarm?api_key=%00%ff', { authorization: '' });
        await site.openSocket('/ws/%2e%2e/swarm');
        await site.openSocket('/ws/bus');
        await site.openSocket(`/ws/swarm?x=${'y'.repeat(10_000)}`);
        const odd = [
          'Sec-WebSocket-Version: 99',
          'Sec-WebSocket-Key: x',
          'Sec-WebSocket-Extensions: permessage-deflate; x=";"',
        ];
        for (const line of odd)
          await site.exchange(
            `GET /ws/swarm HTTP/1.1\r\nHost: ${site.authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${line}\r\nAuthorization: Bearer ${site.target.key}\r\n\r\n`,
            { forMs: 1000, mustAnswer: true },
          );
      },
    }),
  },
];

export const FRAMES: readonly Kind[] = [...SENT, ...WIRED, ...BEHAVIOURS];
