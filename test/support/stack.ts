/** The whole product for one suite: API and worker as production processes, with a scripted gateway. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createScriptedGateway, type ScriptedGateway } from './scripted-gateway';
import { freePort, logLine, start, type Running } from './processes';
import { recordReplies, type RecordedReplies } from './recorded-replies';

export interface Stack {
  /** Base address of the API. */
  url: string;
  gateway: ScriptedGateway;
  /** Environment that API and worker run with. */
  env: NodeJS.ProcessEnv;
  api: Running;
  worker: Running;
  /** The replies of the API processes so far: `stop` fails if a reply does not match the schema that its route declares. */
  replies: RecordedReplies;
  /** Starts another worker, or API, in place of a killed one; a worker of another build from its own folder `dist`. */
  startWorker(env?: NodeJS.ProcessEnv, folder?: string): Promise<Running>;
  startApi(): Promise<Running>;
  /** Starts an additional API process on a separate port, and returns its base address. */
  addApi(): Promise<string>;
  stop(): Promise<void>;
}

export const DIST = path.join(__dirname, '../../dist');

/**
 * Starts a stack. `env` is added to the environment of both processes, `envAt` for values that need the scripted gateway's address. With
 * `ROLE=all` API and worker are one process: `startApi` starts both.
 */
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
    // the scripted gateway also serves as the other gateways, if a test chooses one
    LOCAL_MODEL_URL: gateway.url,
    OPENROUTER_BASE_URL: gateway.url,
    // one model per alias: nothing happens that a test did not ask for
    MODEL_STRATEGIC: 'strategic-model',
    MODEL_CODING: 'coding-model',
    MODEL_DEBATE_1: 'optimistic-model',
    MODEL_DEBATE_2: 'cautious-model',
    MODEL_FAST: 'balanced-model',
    // tests poll, so the request limit is raised; tests of the limit set it themselves
    MAX_REQUESTS_PER_MINUTE_PER_ADDRESS: '10000000',
    SWARMS_FILE: path.join(__dirname, 'swarms.json'),
    ...env,
    ...envAt(gateway),
  };
  const running = new Set<Running>();
  const replies = recordReplies();
  const launch = async (
    file: string,
    ready: string[],
    options: { env?: NodeJS.ProcessEnv; folder?: string; nodeArguments?: string[] } = {},
  ) => {
    const { env: more = {}, folder = DIST, nodeArguments = [] } = options;
    const one = start(process.execPath, [...nodeArguments, path.join(folder, file)], { ...shared, ...more });
    running.add(one);
    await Promise.all(ready.map((message) => logLine(one, message)));
    return one;
  };
  const isOne = shared.ROLE === 'all';
  const launchApi = (more: NodeJS.ProcessEnv = {}) => {
    const options = { env: { ...replies.env, ...more }, nodeArguments: replies.nodeArguments };
    return isOne
      ? launch('main.js', ['api ready', 'worker ready'], options)
      : launch('api/main.js', ['api ready'], options);
  };
  const stack: Stack = {
    url: `http://127.0.0.1:${port}`,
    gateway,
    env: shared,
    replies,
    startWorker: async (more = {}, folder = DIST) =>
      (stack.worker = await launch('worker.js', ['worker ready'], { env: more, folder })),
    startApi: async () => (stack.api = await launchApi()),
    async addApi() {
      const another = await freePort();
      await launchApi({ PORT: String(another) });
      return `http://127.0.0.1:${another}`;
    },
    async stop() {
      await Promise.all([...running].map((one) => one.stop()));
      await gateway.stop();
      // each stack is a separate Worker Deployment
      rmSync(path.join(shared.DATA_DIR ?? '.data', 'workflow-bundles', shared.TASK_QUEUE ?? ''), {
        recursive: true,
        force: true,
      });
      const faults = replies.findFaults();
      replies.dispose();
      if (faults.length > 0) throw new Error(`Replies differ from what their routes declare:\n${faults.join('\n')}`);
    },
  } as Stack;
  await Promise.all([...(isOne ? [] : [stack.startWorker()]), stack.startApi()]);
  return stack;
}

/** Waits until a condition holds, checking every few milliseconds. */
export async function until<T>(condition: () => T | Promise<T>, limitMs = 60_000): Promise<NonNullable<T>> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(20)) {
    const value = await condition();
    if (value) return value;
  }
  throw new Error(`The condition did not come true within ${limitMs} ms: ${condition.toString()}`);
}
