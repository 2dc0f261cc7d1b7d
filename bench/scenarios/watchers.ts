/** One run with many watchers, each on its own WebSocket: the cost of a watcher, and the delay of the last one. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { now } from '../../test/support/scripted-gateway';
import { Transcript } from '../client/transcript';
import { relayTimes } from '../client/wholeness';
import { percentile } from '../statistics';
import { residentMiB } from '../usage';
import type { Scenario } from './scenario';
import type { Subject } from '../systems/system';

const INTERVAL_MS = 50;
const TOKENS = 200;
/** Within this time, all watchers have sent which run they follow. */
const FIRST_TOKEN_MS = 3000;
const KIB_PER_MIB = 1024;

export function watchers(count: number): Scenario {
  const name = `watchers-${count}`;
  return {
    name,
    title: `${count} watchers of one run of ${TOKENS} tokens, ${1000 / INTERVAL_MS} a second`,
    metrics: [
      { key: 'relay.p50', label: 'relay of a token to a watcher, p50, ms' },
      { key: 'relay.p99', label: 'relay of a token to a watcher, p99, ms' },
      { key: 'memory', label: 'memory of the API for a watcher, KiB' },
      { key: 'damage', label: 'tokens lost, repeated or misplaced', kind: 'count' },
      { key: 'failed', label: 'watchers without an end', kind: 'count' },
    ],
    rounds: ({ streamRounds }) => streamRounds,
    suits: ({ name }) => name === 'ours',
    async measure(bench, subject) {
      await bench.script({
        tokens: { count: TOKENS, stamped: true },
        firstTokenMs: FIRST_TOKEN_MS,
        intervalMs: INTERVAL_MS,
      });
      const before = readApiMemory(subject);
      const sockets = await Promise.all(Array.from({ length: count }, () => connect(subject.system.url)));
      const runId = await order(subject.system.url);
      const received = await Promise.all(sockets.map((socket) => follow(socket, runId)));
      const memory = ((readApiMemory(subject) - before) / count) * KIB_PER_MIB;
      sockets.forEach((socket) => socket.close());
      const { failed, lost, repeated, misplaced } = bench.check(subject, name, received, { turns: 1, tokens: TOKENS });
      const relay = received.flatMap((one) => relayTimes(one, bench.clockAheadMs));
      return {
        'relay.p50': percentile(relay, 50),
        'relay.p99': percentile(relay, 99),
        memory,
        damage: lost + repeated + misplaced,
        failed,
      };
    },
  };
}

function readApiMemory({ system }: Subject): number {
  return residentMiB(system.members().find(({ role }) => role === 'api')?.pid ?? NaN);
}

async function connect(baseUrl: string): Promise<WebSocket> {
  const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws/swarm?listen=false`);
  await once(socket, 'open');
  return socket;
}

async function order(baseUrl: string): Promise<string> {
  const reply = await fetch(`${baseUrl}/swarm/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ swarm_id: 'one-voice', message: 'Say something.', wait: false }),
  });
  return ((await reply.json()) as { run_id: string }).run_id;
}

/** Resolves at the run's end, or if the connection ends before it. */
function follow(socket: WebSocket, runId: string): Promise<Transcript> {
  const received = new Transcript();
  return new Promise((resolve) => {
    socket.on('close', () => resolve(received));
    socket.on('message', (data: Buffer) => {
      received.take(data.toString(), now());
      if (!Number.isNaN(received.endedAt)) resolve(received);
    });
    socket.send(JSON.stringify({ run_id: runId }));
  });
}
