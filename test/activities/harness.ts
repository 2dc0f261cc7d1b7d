/** Takes turns like a worker: the real activity over real Redis and real HTTP; only the upstream model is scripted. */
import { ALONE } from './executor';
import { randomUUID } from 'node:crypto';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities } from '../../src/activities';
import { createAdmission } from '../../src/model-call/admission';
import { createReuse } from '../../src/model-call/answer-cache';
import { createRouting } from '../../src/model-call/routing';
import type { Alias, RunEvent, RunEventType, TurnRequest, TurnResult, TurnSnapshot } from '../../src/contract';
import type { SentTurn } from '../../src/contract/payloads';
import { runEvent } from '../../src/contract/events';
import { ALIASES } from '../../src/contract/names';
import { createChat } from '../../src/gateway/chat';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import type { Endpoint } from '../../src/gateway/adapters/endpoint';
import { LONGEST_REQUESTED_WAIT_MS } from '../../src/gateway/failures';
import type { RoutingStrategy } from '../../src/config/traffic';
import { createPrices } from '../../src/gateway/prices';
import { RATE_LIMIT_WAIT_MS } from '../../src/gateway/backoff';
import type { Candidate, Routes } from '../../src/gateway/model-fallback';
import { createAnswers } from '../../src/redis/answers';
import { listenForCancellations } from '../../src/redis/cancellations';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createAccountUsage } from '../../src/redis/account-usage';
import { createExpressLane, type ExpressLane, type ExpressLaneDependencies } from '../../src/model-call/express-lane';
import { createLaneStore, listenForLaneEnds, type LaneStore } from '../../src/redis/lanes';
import { publishHandover } from '../../src/redis/start-handover';
import { receiveStarts, type StartReceiver } from '../../src/worker/express-lane';
import { createLeases } from '../../src/redis/leases';
import { createLedger, type Ledger } from '../../src/redis/ledger';
import { toPayer } from '../../src/model-call/planned-call';
import { createLimiter, type Limiter } from '../../src/redis/limiter';
import { createMemory, type Memory } from '../../src/redis/memory';
import { createSessionQueue } from '../../src/redis/session-queue';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import type { Sandbox } from '../../src/sandbox/host/sandbox';
import { cursors, listEvents, fold } from '../redis/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

export interface Harness {
  gateway: ScriptedGateway;
  redis: RedisConnection;
  turns: TurnStore;
  memory: Memory;
  /** The activities of a worker whose turns use these models, in this order. */
  worker(candidates: Candidate[]): Promise<Activities>;
  /** The same with an express lane. */
  laneWorker(candidates: Candidate[], lane?: LaneOptions): Promise<LaneWorker>;
  /** A model of the scripted gateway. */
  model(name: string, endpoint?: Partial<Endpoint>): Candidate;
  story(request: TurnRequest): Promise<Story>;
  /** What the ledger has booked for a turn. */
  readSpent(request: TurnRequest): ReturnType<Ledger['turnSpent']>;
  /** How often the sandbox was asked to prepare for a program. */
  prepared(): number;
  stop(): Promise<void>;
}

export type LaneOptions = Partial<Pick<ExpressLaneDependencies, 'acknowledgementMs' | 'countRoom'>>;

export interface LaneWorker {
  id: string;
  activities: Activities;
  lane: ExpressLane;
  lanes: LaneStore;
}

/** The records of a turn, after a check that they all agree. */
interface Story {
  events: RunEvent[];
  types: RunEventType[];
  text: string;
  turn: TurnSnapshot;
  find<T extends RunEventType>(type: T): Extract<RunEvent, { type: T }>;
}

const STRATEGIES = Object.fromEntries(ALIASES.map((alias) => [alias, 'fallback'])) as Record<Alias, RoutingStrategy>;

export async function createHarness(): Promise<Harness> {
  const server: TestRedis = await createTestRedis();
  const gateway = await createScriptedGateway();
  const redis = server.connect();
  const turns = createTurnStore(redis);
  const memory = createMemory(redis, { windowTokens: 3000, ttlSeconds: 1000 });
  // attempts follow each other at once here: no call sees the outcome of an earlier one
  const remembering = createLimiter(redis, { windowMs: 60_000, patienceMs: LONGEST_REQUESTED_WAIT_MS });
  const limiter: Limiter = { ...remembering, admit: (ask) => remembering.admit({ ...ask, model: randomUUID() }) };
  const prices = createPrices({});
  const ledger = createLedger(redis, 'month');
  const noBudgets = { run: {}, session: {}, account: {} };
  const options = { limiter, ledger, prices, limits: {}, budgets: noBudgets };
  let prepared = 0;
  const admission = createAdmission(createChat(), createReuse(createAnswers(redis, 60)), options);
  async function laneWorker(candidates: Candidate[], options: LaneOptions = {}): Promise<LaneWorker> {
    const id = `worker-${randomUUID()}`;
    // turns execute nothing
    const sandbox = { prepare: () => void prepared++ } as Sandbox;
    const routes = Object.fromEntries(ALIASES.map((alias) => [alias, candidates])) as Routes;
    const through = (models: readonly string[]) => candidates.filter(({ model }) => models.includes(model));
    const subscriber = server.connect();
    const cancellations = await listenForCancellations(subscriber);
    const laneEnds = await listenForLaneEnds(subscriber);
    const leases = createLeases(redis, id);
    const lanes = createLaneStore(redis, id);
    const sessions = createSessionQueue(redis);
    const usage = createAccountUsage(redis);
    const alone = { sessions, isRunning: () => Promise.resolve(true), callOut: () => Promise.resolve() };
    const findWay = createRouting({ routes, through, strategies: STRATEGIES, firstTokenMs: limiter.firstTokenMs });
    const calls = { turns, memory, routes, cancellations, findWay, rateLimitWaitMs: RATE_LIMIT_WAIT_MS, admission };
    const lane = createExpressLane({
      ...{ ...calls, lanes, prepareSandbox: () => sandbox.prepare(), countRoom: () => Infinity, ...options },
    });
    const noStarts: StartReceiver = { announce: () => undefined, takesStarts: () => false };
    await receiveStarts(subscriber, id, lane, noStarts, () => undefined);
    const activities = createActivities({
      ...{ ...calls, ...alone, leases, sandbox, usage, laneEnds, executor: ALONE, expressLane: lane },
      readTurns: () => Promise.resolve([]),
      sendPart: () => Promise.resolve(),
      async tellLane(workerId, message) {
        await publishHandover(redis, workerId, message);
      },
    });
    return { id, activities, lane, lanes };
  }

  return {
    gateway,
    redis,
    turns,
    memory,
    laneWorker,
    worker: async (candidates) => (await laneWorker(candidates)).activities,
    model: (model, endpoint) => ({
      model,
      endpoint: { ...connectCompatible({ baseUrl: gateway.url, apiKey: 'test-key' }), ...endpoint },
    }),
    story: (request) => tellStory(redis, turns, request),
    readSpent: (request) => ledger.turnSpent(toPayer(request), request.turn),
    prepared: () => prepared,
    async stop() {
      await gateway.stop();
      await server.stop();
    },
  };
}

/** Reads a turn back, and checks indexes without gaps, events by the contract, and equal texts in stream, store and any given result. */
async function tellStory(redis: RedisConnection, turns: TurnStore, { run_id, turn: id }: TurnRequest): Promise<Story> {
  const placed = await listEvents(createEventReader(redis), run_id);
  const all = placed.map(({ event }) => event);
  // the first turn opens its run
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

/** Silences the environment's log of failed attempts, because most attempts here are meant to fail. */
const logger = new DefaultLogger('ERROR', () => undefined);

/** A running attempt, in its own environment. */
export interface Attempt {
  env: MockActivityEnvironment;
  result: Promise<TurnResult>;
  /** Resolves to the attempt's failure; rejects if it did not fail. */
  failure(): Promise<Error & Record<string, unknown>>;
  heartbeats: number[];
}

export function attempt({ takeTurn }: Activities, request: TurnRequest, info: Partial<Info> = {}): Attempt {
  const env = new MockActivityEnvironment({ scheduledTimestampMs: Date.now(), ...info }, { logger });
  const heartbeats: number[] = [];
  env.on('heartbeat', () => heartbeats.push(performance.now()));
  const result = env
    .run<[TurnRequest], SentTurn, Activities['takeTurn']>(takeTurn, request)
    .then((sent): TurnResult => {
      const { turn, role, label, place } = request;
      return { turn, role, label, place, ...sent };
    });
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
