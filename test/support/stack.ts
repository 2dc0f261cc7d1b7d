/** The whole product for one suite: API and worker as the processes that production runs, in front of a scripted gateway. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createScriptedGateway, type ScriptedGateway } from './scripted-gateway';
import { freePort, logLine, start, type Running } from './processes';

export interface Stack {
  /** Base address of the API. */
  url: string;
  gateway: ScriptedGateway;
  /** Environment that API and worker run with. */
  env: NodeJS.ProcessEnv;
  api: Running;
  worker: Running;
  /** Starts another worker, or API, in place of one that was killed. */
  startWorker(): Promise<Running>;
  startApi(): Promise<Running>;
  /** Starts an API process beside the first one, on a port of its own, and answers its base address. */
  addApi(): Promise<string>;
  stop(): Promise<void>;
}

const dist = (file: string) => path.join(__dirname, '../../dist', file);

/** Starts a stack; `env` is added to what both processes get, and what is known only with the scripted gateway's address. */
export async function createStack(
  env: NodeJS.ProcessEnv = {},
  envAt: (gateway: ScriptedGateway) => NodeJS.ProcessEnv = () => ({}),
): Promise<Stack> {
  const gateway = await createScriptedGateway();
  const port = await freePort();
  const shared: NodeJS.ProcessEnv = {
    REDIS_URL: process.env.REDIS_TEST_URL,
    TEMPORAL_ADDRESS: process.env.TEMPORAL_TEST_ADDRESS,
    TASK_QUEUE: `test-${randomUUID()}`,
    PORT: String(port),
    GATEWAY_URL: gateway.url,
    // the scripted gateway also stands behind the other gateways, should a test choose one
    LOCAL_MODEL_URL: gateway.url,
    OPENROUTER_BASE_URL: gateway.url,
    // one model for each alias: what a test does not ask for does not happen
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'balanced-model',
    SWARMS_FILE: path.join(__dirname, 'swarms.json'),
    ...env,
    ...envAt(gateway),
  };
  const running = new Set<Running>();
  const launch = async (file: string, ready: string, more: NodeJS.ProcessEnv = {}) => {
    const one = start(process.execPath, [dist(file)], { ...shared, ...more });
    running.add(one);
    await logLine(one, ready);
    return one;
  };
  const stack: Stack = {
    url: `http://127.0.0.1:${port}`,
    gateway,
    env: shared,
    startWorker: async () => (stack.worker = await launch('worker.js', 'worker ready')),
    startApi: async () => (stack.api = await launch('api/main.js', 'api ready')),
    async addApi() {
      const another = await freePort();
      await launch('api/main.js', 'api ready', { PORT: String(another) });
      return `http://127.0.0.1:${another}`;
    },
    async stop() {
      await Promise.all([...running].map((one) => one.stop()));
      await gateway.stop();
    },
  } as Stack;
  await Promise.all([stack.startWorker(), stack.startApi()]);
  return stack;
}

/** Waits until a condition holds, asking every few milliseconds. */
export async function until<T>(condition: () => T | Promise<T>, limitMs = 10_000): Promise<NonNullable<T>> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(20)) {
    const value = await condition();
    if (value) return value;
  }
  throw new Error(`The condition did not come true within ${limitMs} ms: ${condition.toString()}`);
}
