/** The product as processes with production settings: an API, two workers that a supervisor restarts, and a gateway. */
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, logLine, start, type Running } from '../support/processes';
import { spawnTypeScript } from './spawn-typescript';
import { CLASSES, type ClassName } from './classes';
import type { RecordedCall } from './gateway-process';

export interface Death {
  member: string;
  /** Milliseconds since the start of the cluster. */
  atMs: number;
  how: string;
  /** The end of its output. */
  log: string;
}

interface Member {
  name: string;
  running: Running;
}

export interface Cluster {
  url: string;
  host: string;
  port: number;
  redisUrl: string;
  members: Member[];
  deaths: Death[];
  /** The API keys of the callers: one for the innocent runs, one for each class of hostile actions. */
  keys: { innocent: string; hostile: Record<ClassName, string> };
  /** Returns the calls of an innocent run; the gateway then forgets them. */
  takeCalls(marker: string): Promise<RecordedCall[]>;
  /** The output of all processes so far. */
  logs(): { name: string; text: string }[];
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const RESTART_MS = 500;
const LOG_TAIL = 4000;
const dist = (file: string) => path.join(__dirname, '../../dist', file);

export async function createCluster(seed: number): Promise<Cluster> {
  const gateway = spawnTypeScript('gateway-process.ts', [String(seed)]);
  const gatewayUrl = await new Promise<string>((resolve) =>
    gateway.onLine((line) => resolve((line as { url: string }).url)),
  );
  const port = await freePort();
  const keys = makeKeys();
  const env = readEnvironment(gatewayUrl, port, keys);
  const startedAt = Date.now();
  const all: { name: string; running: Running }[] = [];
  const deaths: Death[] = [];
  let isStopping = false;

  const launch = async (name: string, file: string, ready: string) => {
    const running = start(process.execPath, [dist(file)], { ...env, WORKER_NAME: name });
    all.push({ name, running });
    await logLine(running, ready);
    return running;
  };
  /** Like a supervisor: records and restarts a member that exits. */
  const supervise = (member: Member, again: () => Promise<Running>) => {
    const { running } = member;
    running.child.once('exit', (code, signal) => {
      if (isStopping) return;
      const log = running.output().slice(-LOG_TAIL);
      deaths.push({ member: member.name, atMs: Date.now() - startedAt, how: String(signal ?? code), log });
      void restart(member, again);
    });
  };
  const restart = async (member: Member, again: () => Promise<Running>) => {
    await sleep(RESTART_MS);
    if (isStopping) return;
    const running = await again().catch(() => undefined);
    if (!running) return restart(member, again);
    member.running = running;
    supervise(member, again);
  };
  const join = async (name: string, file: string, ready: string): Promise<Member> => {
    const again = () => launch(name, file, ready);
    const member = { name, running: await again() };
    supervise(member, again);
    return member;
  };

  const members = await Promise.all([
    join('api', 'api/main.js', 'api ready'),
    join('worker-1', 'worker.js', 'worker ready'),
    join('worker-2', 'worker.js', 'worker ready'),
  ]);
  return {
    ...{ url: `http://${HOST}:${port}`, host: HOST, port, redisUrl: env.REDIS_URL ?? '', members, deaths, keys },
    async takeCalls(marker) {
      const response = await fetch(`${gatewayUrl.replace(/\/v1$/, '')}/__take?marker=${encodeURIComponent(marker)}`);
      return (await response.json()) as RecordedCall[];
    },
    logs: () => all.map(({ name, running }) => ({ name, text: running.output() })),
    async stop() {
      isStopping = true;
      await Promise.all(all.map(({ running }) => (isGone(running) ? undefined : running.stop())));
      await gateway.stop();
    },
  };
}

function isGone({ child }: Running): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function makeKeys(): Cluster['keys'] {
  const key = () => randomUUID();
  const hostile = Object.fromEntries(Object.keys(CLASSES).map((name) => [name, key()])) as Record<ClassName, string>;
  return { innocent: key(), hostile };
}

function readEnvironment(gatewayUrl: string, port: number, { innocent, hostile }: Cluster['keys']): NodeJS.ProcessEnv {
  const pairs = [`innocent:${innocent}`, ...Object.entries(hostile).map(([name, key]) => `hostile-${name}:${key}`)];
  return {
    REDIS_URL: process.env.REDIS_TEST_URL,
    TEMPORAL_ADDRESS: process.env.TEMPORAL_TEST_ADDRESS,
    TASK_QUEUE: `hostile-${randomUUID()}`,
    PORT: String(port),
    HOST,
    API_KEYS: pairs.join(','),
    GATEWAY_URL: gatewayUrl,
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'balanced-model',
    SWARMS_FILE: path.join(__dirname, 'swarms.json'),
    // a hostile model may be silent: a shorter timeout than the default, so that the end of the suite need not wait for it
    FIRST_TOKEN_TIMEOUT_SECONDS: '15',
    IDLE_TIMEOUT_SECONDS: '10',
    SYNC_WAIT_SECONDS: '15',
    // an hour of runs of 120 kB each would fill the memory of Redis, which is not under test here
    EVENTS_TTL_SECONDS: '300',
    MEMORY_TTL_SECONDS: '300',
  };
}
