/** Turns as a worker takes them: the real activity over real Redis and real HTTP, with only the upstream model scripted. */
import { randomUUID } from 'node:crypto';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities } from '../../src/activities';
import { createAdmission } from '../../src/activities/admission';
import { createReuse } from '../../src/activities/reuse';
import { createRouting } from '../../src/activities/routing';
import type { Alias, RunEvent, RunEventType, TurnRequest, TurnResult, TurnSnapshot } from '../../src/contract';
import { runEvent } from '../../src/contract/events';
import { ALIASES } from '../../src/contract/names';
import { createChat } from '../../src/gateway/chat';
import { compatible } from '../../src/gateway/endpoints/compatible';
import type { Endpoint } from '../../src/gateway/endpoints/endpoint';
import { PATIENCE_MS } from '../../src/gateway/failures';
import type { Strategy } from '../../src/gateway/order';
import { createPrices } from '../../src/gateway/prices';
import type { Candidate, Routes } from '../../src/gateway/route';
import { createAnswers } from '../../src/redis/answers';
import { listenForCancellations } from '../../src/redis/cancellations';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createLeases } from '../../src/redis/leases';
import { createLedger } from '../../src/redis/ledger';
import { createLimiter, type Limiter } from '../../src/redis/limiter';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createSessionQueue } from '../../src/redis/session-queue';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import type { Sandbox } from '../../src/sandbox/sandbox';
import { cursors, eventsOf, fold } from '../redis/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

export interface Rig {
  gateway: ScriptedGateway;
  redis: RedisConnection;
  turns: TurnStore;
  memory: Memory;
  /** The activities of a worker whose turns go to these models, in this order. */
  worker(candidates: Candidate[]): Promise<Activities>;
  /** A model at the scripted gateway. */
  model(name: string, endpoint?: Partial<Endpoint>): Candidate;
  story(request: TurnRequest): Promise<Story>;
  stop(): Promise<void>;
}

/** What a turn left behind, after it was proved that all records of it agree. */
export interface Story {
  events: RunEvent[];
  types: RunEventType[];
  text: string;
  turn: TurnSnapshot;
  find<T extends RunEventType>(type: T): Extract<RunEvent, { type: T }>;
}

const STRATEGIES = Object.fromEntries(ALIASES.map((alias) => [alias, 'fallback'])) as Record<Alias, Strategy>;

export async function createRig(): Promise<Rig> {
  const server: TestRedis = await createTestRedis();
  const gateway = await createScriptedGateway();
  const redis = server.connect();
  const turns = createTurnStore(redis);
  const memory = createMemory(redis, { windowTokens: 3000, ttlSeconds: 1000 });
  // attempts follow each other at once here: no call hears what became of an earlier one
  const remembering = createLimiter(redis, { windowMs: 60_000, patienceMs: PATIENCE_MS });
  const limiter: Limiter = { ...remembering, admit: (ask) => remembering.admit({ ...ask, model: randomUUID() }) };
  const prices = createPrices({});
  const ledger = createLedger(redis, 'month');
  const noBudgets = { run: {}, session: {}, account: {} };
  const options = { limiter, ledger, prices, limits: {}, budgets: noBudgets };
  const admission = createAdmission(createChat(), createReuse(createAnswers(redis, 60)), options);
  return {
    gateway,
    redis,
    turns,
    memory,
    async worker(candidates) {
      // turns execute nothing
      const sandbox = {} as Sandbox;
      const routes = Object.fromEntries(ALIASES.map((alias) => [alias, candidates])) as Routes;
      const through = (models: readonly string[]) => candidates.filter(({ model }) => models.includes(model));
      const cancellations = await listenForCancellations(server.connect());
      const leases = createLeases(redis, 'rig');
      const sessions = createSessionQueue(redis);
      const alone = { sessions, isRunning: () => Promise.resolve(true), callOut: () => Promise.resolve() };
      const findWay = createRouting({ routes, through, strategies: STRATEGIES, firstTokenMs: limiter.firstTokenMs });
      return createActivities({ turns, memory, routes, cancellations, leases, findWay, admission, sandbox, ...alone });
    },
    model: (model, endpoint) => ({
      model,
      endpoint: { ...compatible({ baseUrl: gateway.url, apiKey: 'test-key' }), ...endpoint },
    }),
    story: (request) => tellStory(redis, turns, request),
    async stop() {
      await gateway.stop();
      await server.stop();
    },
  };
}

/** Reads a turn back: dense cursors, events within the contract, and one text in stream, store and, if given, result. */
async function tellStory(redis: RedisConnection, turns: TurnStore, { run_id, turn: id }: TurnRequest): Promise<Story> {
  const placed = await eventsOf(createEventReader(redis), run_id);
  const all = placed.map(({ event }) => event);
  // the turn that comes first opens its run
  expect(all[0]).toMatchObject({ type: 'run.started' });
  const events = all.slice(1);
  const [generation = ''] = placed[0]?.cursor.split('-') ?? [];
  expect(placed.map(({ cursor }) => cursor)).toEqual(cursors(generation, 1, placed.length));
  expect(all.map((event) => runEvent.parse(event))).toEqual(all);
  const turn = fold(placed).turns.find((snapshot) => snapshot.turn === id);
  if (!turn) throw new Error(`The stream knows no turn "${id}".`);
  const [stored] = await turns.texts(run_id, [id]);
  expect(stored ?? '').toBe(turn.text);
  return {
    events,
    types: events.map(({ type }) => type).filter((type, i, all) => type !== 'turn.delta' || all[i - 1] !== type),
    text: turn.text,
    turn,
    find<T extends RunEventType>(type: T) {
      const found = events.filter((event) => event.type === type);
      if (found.length !== 1) throw new Error(`${found.length} events of type ${type}, not one.`);
      return found[0] as Extract<RunEvent, { type: T }>;
    },
  };
}

/** Failed attempts are logged by the environment, and most of ours are meant to fail. */
const logger = new DefaultLogger('ERROR', () => undefined);

/** One attempt under way, in an environment of its own. */
export interface Attempt {
  env: MockActivityEnvironment;
  result: Promise<TurnResult>;
  /** What it failed with; rejects when it did not fail. */
  failure(): Promise<Error & Record<string, unknown>>;
  heartbeats: number[];
}

export function attempt({ takeTurn }: Activities, request: TurnRequest, info: Partial<Info> = {}): Attempt {
  const env = new MockActivityEnvironment({ scheduledTimestampMs: Date.now(), ...info }, { logger });
  const heartbeats: number[] = [];
  env.on('heartbeat', () => heartbeats.push(performance.now()));
  const result = env.run<[TurnRequest], TurnResult, Activities['takeTurn']>(takeTurn, request);
  result.catch(() => undefined);
  return {
    env,
    result,
    heartbeats,
    failure: () =>
      result.then(
        (turn) => Promise.reject(new Error(`The attempt succeeded: ${JSON.stringify(turn)}`)),
        (error: Error & Record<string, unknown>) => error,
      ),
  };
}
