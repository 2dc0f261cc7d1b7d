/** Runs workflows on the real Temporal server with stub activities: turn results are scripted, requests are recorded. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { VerifyRequest } from '../../src/activities/verify-code';
import type { Activities } from '../../src/activities';
import { nameCodeQueue } from '../../src/contract/names';
import { COORDINATION, collectMembers, severalSwarms } from '../../src/contract/compositions';
import { readStructure } from '../../src/activities/read-structure';
import { findSwarm } from '../../src/contract/swarms';
import type {
  Agreement,
  CheckReport,
  CheckResult,
  RunPayload,
  PromptPart,
  RunOutcome,
  RunResult,
  RunScope,
  CompositionStrategy,
  MessageRange,
  SwarmDefinition,
  SwarmRunInput,
  TurnRequest,
} from '../../src/contract';
import type { SentTurn } from '../../src/contract/payloads';

export const WORKFLOW_BUNDLE = path.join(__dirname, '../../dist/workflow-bundle.js');

/** The text of a turn, by the turn's id; throwing fails the turn. */
export type Script = (request: TurnRequest) => string | Promise<string>;

/** Programs that cannot be compared. */
export function incomparable(turns: string[]): Agreement {
  return { calls: 0, support: turns.map(() => 0), agreeing: turns.map(() => 1) };
}

/** A report of an execution with these check results. */
export function report(checks: Partial<CheckResult>[] = [], more: Partial<CheckReport> = {}): CheckReport {
  const all = checks.map((check): CheckResult => ({ name: 'a check', origin: 'request', passed: true, ...check }));
  const passed = all.every((check) => check.passed);
  return { language: 'python', executed: true, passed, checks: all, output: '', ms: 1, ...more };
}

export interface Harness {
  client: Client;
  taskQueue: string;
  /** Turns in the order in which they were requested. */
  asked: TurnRequest[];
  closed: RunOutcome[];
  /** Ranges that sessions still have to summarise, and the summaries that were stored. */
  ranges: MessageRange[];
  summaries: string[];
  restored: Record<string, string>[];
  /** Events of gates, guidance and pauses, in the order of their first publication. */
  announced: { name: string; payload: RunPayload }[];
  /** Turns that runs have stopped, each with its code. */
  stopped: [turn: string, code: string][];
  script: Script;
  /** Whether a turn's text was cut off at its limit; by default none is. */
  cutOff: (request: TurnRequest) => boolean;
  /** Executions in the order in which they were requested, and the result of one. */
  verified: VerifyRequest[];
  execution: (request: VerifyRequest) => CheckReport;
  /** The turns of each comparison of drafts. */
  compared: string[][];
  /** How far they agree; by default they cannot be compared. */
  comparison: (turns: string[]) => Agreement;
  run(input: SwarmRunInput): Promise<RunResult>;
  start(input: SwarmRunInput): Promise<WorkflowHandle>;
  handle(runId: string): WorkflowHandle;
  stop(): Promise<void>;
}

/** Failures are expected here: the worker need not report them. */
Runtime.install({ logger: new DefaultLogger('ERROR') });

export async function createHarness(): Promise<Harness> {
  const address = process.env.TEMPORAL_TEST_ADDRESS ?? '';
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const native = await NativeConnection.connect({ address });
  const taskQueue = `test-${randomUUID()}`;
  const harness = {
    client,
    taskQueue,
    asked: [],
    closed: [],
    ranges: [],
    summaries: [],
    restored: [],
    announced: [],
    stopped: [],
    verified: [],
    compared: [],
    script: () => 'said',
    cutOff: () => false,
    execution: () => report(),
    comparison: incomparable,
  } as unknown as Harness;
  const dueIn = (sessionId: string) => harness.ranges.find(({ session_id }) => session_id === sessionId);
  const activities: Activities = {
    async takeTurn(request) {
      harness.asked.push(byName(request));
      const result = toResult(request, await harness.script(request));
      return harness.cutOff(request) ? { ...result, finish_reason: 'length', truncated: true } : result;
    },
    async verifyCode(request) {
      harness.verified.push(request);
      return harness.execution(request);
    },
    async compareDrafts({ drafts }) {
      const names = drafts.map(({ turn }) => turn);
      harness.compared.push(names);
      return harness.comparison(names);
    },
    async announce(_scope, name, payload) {
      // a local activity may be repeated; the store accepts each name once
      if (!harness.announced.some((known) => known.name === name)) harness.announced.push({ name, payload });
    },
    readStructure,
    async failTurn({ turn }, { code }) {
      harness.stopped.push([turn, code]);
    },
    async closeRun(outcome) {
      harness.closed.push(outcome);
      return { ending: `run.${outcome.status}`, outgrown: dueIn(outcome.session_id) !== undefined };
    },
    nextRange: async (sessionId) => dueIn(sessionId),
    async keepSummary(range, summaries) {
      const { text, truncated } = summaries.at(-1)!;
      harness.summaries.push(truncated ? 'none' : text);
      const due = dueIn(range.session_id);
      if (due?.to === range.to) harness.ranges.splice(harness.ranges.indexOf(due), 1);
    },
    async restoreRun({ turns, texts }) {
      harness.restored.push({ ...texts, ...Object.fromEntries(turns.map(({ turn, text }) => [turn, text])) });
    },
    enterSession: () => Promise.resolve([]),
    leaveSession: () => Promise.resolve(undefined),
    async restoreTexts(_runId, texts) {
      harness.restored.push(texts);
    },
  };
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    activities,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    maxHeartbeatThrottleInterval: '200ms',
  });
  const { verifyCode, compareDrafts } = activities;
  const codeWorker = await Worker.create({
    connection: native,
    taskQueue: nameCodeQueue(taskQueue),
    activities: { verifyCode, compareDrafts },
  });
  const running = Promise.all([worker.run(), codeWorker.run()]);
  const execute = (type: string, input: RunScope) =>
    client.workflow.execute(type, { taskQueue, workflowId: input.run_id, args: [input] }) as Promise<RunResult>;
  return Object.assign(harness, {
    run: (input: SwarmRunInput) => execute('runSwarm', input),
    start: (input: SwarmRunInput) =>
      client.workflow.start('runSwarm', { taskQueue, workflowId: input.run_id, args: [input] }),
    handle: (runId: string) => client.workflow.getHandle(runId),
    async stop() {
      worker.shutdown();
      codeWorker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  });
}

/** References texts by their turn only; the lengths are tested once elsewhere. */
function byName(request: TurnRequest): TurnRequest {
  const readName = (part: PromptPart) => (typeof part === 'string' ? part : { turn: part.turn });
  return { ...request, messages: request.messages.map(({ role, parts }) => ({ role, parts: parts.map(readName) })) };
}

function toResult({ definition }: TurnRequest, text: string): SentTurn {
  return {
    model: `${definition.alias}-model`,
    gateway: 'stand-in',
    text,
    finish_reason: 'stop',
    truncated: false,
    usage: { prompt_tokens: 10, completion_tokens: 5 },
    cost_usd: 0.001,
    duration_ms: 1,
    first_token_ms: 1,
    attempts: 1,
  };
}

function readScope(team_id: string): RunScope {
  const id = randomUUID();
  return { run_id: `${team_id}-${id}`, session_id: `session-${id}`, team_id };
}

const swarm = (id: string): SwarmDefinition => findSwarm(id)!;

export function swarmInput(id: string, message = 'The task'): SwarmRunInput {
  return { ...readScope(id), swarm: swarm(id), message, options: {} };
}

/** Input for a user-defined swarm; `others` are swarms that its stages may name besides the built-in ones. */
export function ownInput(definition: SwarmDefinition, others: SwarmDefinition[] = [], message = 'The task') {
  const members = collectMembers(definition, (id) => others.find((one) => one.id === id) ?? swarm(id));
  const input: SwarmRunInput = { ...readScope(definition.id), swarm: definition, message, options: {} };
  return definition.stages ? { ...input, members, max_rounds: 1 } : input;
}

export function coordinateInput(max_rounds = 1, message = 'The task'): SwarmRunInput {
  const members = collectMembers(COORDINATION, swarm);
  return { ...readScope('coordinate'), swarm: COORDINATION, members, message, options: {}, max_rounds };
}

/** Several swarms on one message. */
export function multiInput(teams: string[], strategy: CompositionStrategy): SwarmRunInput {
  const definition = severalSwarms(
    teams.map((team) => ({ name: team, swarm: team })),
    strategy,
  );
  const members = collectMembers(definition, swarm);
  return { ...readScope('multi'), swarm: definition, members, message: 'The task', options: {}, max_rounds: 1 };
}
