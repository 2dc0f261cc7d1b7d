/** Runs workflows on the real Temporal server with stand-in activities: what a turn says is scripted, what is asked is recorded. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { VerifyRequest } from '../../src/activities/verify-code';
import type { Activities } from '../../src/activities';
import { COORDINATION, membersOf, severalSwarms } from '../../src/contract/compositions';
import { readStructure } from '../../src/activities/read-structure';
import { findSwarm } from '../../src/contract/swarms';
import type {
  Agreement,
  CheckReport,
  CheckResult,
  RunNews,
  PromptPart,
  RunOutcome,
  RunResult,
  RunScope,
  Strategy,
  Stretch,
  SwarmDefinition,
  SwarmRunInput,
  TurnRequest,
  TurnResult,
} from '../../src/contract';

export const WORKFLOW_BUNDLE = path.join(__dirname, '../../dist/workflow-bundle.js');

/** What a turn says, by the turn's id; throwing is failing. */
export type Script = (request: TurnRequest) => string | Promise<string>;

/** Programs that can not be compared. */
export function incomparable(turns: string[]): Agreement {
  return { calls: 0, support: turns.map(() => 0), agreeing: turns.map(() => 1) };
}

/** A report of an execution in which these checks came out so. */
export function report(checks: Partial<CheckResult>[] = [], more: Partial<CheckReport> = {}): CheckReport {
  const all = checks.map((check): CheckResult => ({ name: 'a check', origin: 'request', passed: true, ...check }));
  const passed = all.every((check) => check.passed);
  return { language: 'python', executed: true, passed, checks: all, output: '', ms: 1, ...more };
}

export interface Theatre {
  client: Client;
  taskQueue: string;
  /** Turns in the order in which they were asked for. */
  asked: TurnRequest[];
  closed: RunOutcome[];
  /** What sessions still have to summarise, and the summaries that were kept. */
  stretches: Stretch[];
  summaries: string[];
  restored: Record<string, string>[];
  /** What runs said about gates, guidance and pauses, in the order in which it was published first. */
  announced: { name: string; news: RunNews }[];
  script: Script;
  /** Whether a turn's text was cut off at its limit; by default none is. */
  cutOff: (request: TurnRequest) => boolean;
  /** Executions in the order in which they were asked for, and what comes of one. */
  verified: VerifyRequest[];
  execution: (request: VerifyRequest) => CheckReport;
  /** The turns of each comparison of drafts. */
  compared: string[][];
  /** How far they agree; by default they can not be compared. */
  comparison: (turns: string[]) => Agreement;
  run(input: SwarmRunInput): Promise<RunResult>;
  start(input: SwarmRunInput): Promise<WorkflowHandle>;
  handle(runId: string): WorkflowHandle;
  stop(): Promise<void>;
}

/** Failures are on the programme here: the worker need not report them. */
Runtime.install({ logger: new DefaultLogger('ERROR') });

export async function createTheatre(): Promise<Theatre> {
  const address = process.env.TEMPORAL_TEST_ADDRESS ?? '';
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const native = await NativeConnection.connect({ address });
  const taskQueue = `theatre-${randomUUID()}`;
  const theatre = {
    client,
    taskQueue,
    asked: [],
    closed: [],
    stretches: [],
    summaries: [],
    restored: [],
    announced: [],
    verified: [],
    compared: [],
    script: () => 'said',
    cutOff: () => false,
    execution: () => report(),
    comparison: incomparable,
  } as unknown as Theatre;
  const dueIn = (sessionId: string) => theatre.stretches.find(({ session_id }) => session_id === sessionId);
  const activities: Activities = {
    async takeTurn(request) {
      theatre.asked.push(byName(request));
      const result = toResult(request, await theatre.script(request));
      return theatre.cutOff(request) ? { ...result, finish_reason: 'length', truncated: true } : result;
    },
    async verifyCode(request) {
      theatre.verified.push(request);
      return theatre.execution(request);
    },
    async compareDrafts({ drafts }) {
      const names = drafts.map(({ turn }) => turn);
      theatre.compared.push(names);
      return theatre.comparison(names);
    },
    openRun: async () => ({
      strategic: 'model-s',
      coding: 'model-c',
      debate_1: 'model-1',
      debate_2: 'model-2',
      fast: 'model-f',
    }),
    async announce(_scope, name, news) {
      // a local activity may be repeated; the store takes each name once
      if (!theatre.announced.some((known) => known.name === name)) theatre.announced.push({ name, news });
    },
    readStructure,
    async closeRun(outcome) {
      theatre.closed.push(outcome);
      return { ending: `run.${outcome.status}`, outgrown: dueIn(outcome.session_id) !== undefined };
    },
    nextStretch: async (sessionId) => dueIn(sessionId),
    async keepSummary(stretch, summaries) {
      const { text, truncated } = summaries.at(-1)!;
      theatre.summaries.push(truncated ? 'none' : text);
      const due = dueIn(stretch.session_id);
      if (due?.to === stretch.to) theatre.stretches.splice(theatre.stretches.indexOf(due), 1);
    },
    async restoreRun({ turns, texts }) {
      theatre.restored.push({ ...texts, ...Object.fromEntries(turns.map(({ turn, text }) => [turn, text])) });
    },
    enterSession: () => Promise.resolve([]),
    leaveSession: () => Promise.resolve(undefined),
    async restoreTexts(_runId, texts) {
      theatre.restored.push(texts);
    },
  };
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    activities,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    maxHeartbeatThrottleInterval: '200ms',
  });
  const running = worker.run();
  const execute = (type: string, input: RunScope) =>
    client.workflow.execute(type, { taskQueue, workflowId: input.run_id, args: [input] }) as Promise<RunResult>;
  return Object.assign(theatre, {
    run: (input: SwarmRunInput) => execute('runSwarm', input),
    start: (input: SwarmRunInput) =>
      client.workflow.start('runSwarm', { taskQueue, workflowId: input.run_id, args: [input] }),
    handle: (runId: string) => client.workflow.getHandle(runId),
    async stop() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  });
}

/** References to texts by their turn alone: how long each is, is tested once. */
function byName(request: TurnRequest): TurnRequest {
  const nameOf = (part: PromptPart) => (typeof part === 'string' ? part : { turn: part.turn });
  return { ...request, messages: request.messages.map(({ role, parts }) => ({ role, parts: parts.map(nameOf) })) };
}

function toResult({ turn, role, label, definition }: TurnRequest, text: string): TurnResult {
  return {
    turn,
    role,
    label,
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

function scopeOf(team_id: string): RunScope {
  const id = randomUUID();
  return { run_id: `${team_id}-${id}`, session_id: `session-${id}`, team_id };
}

const swarm = (id: string): SwarmDefinition => findSwarm(id)!;

export function swarmInput(id: string, message = 'The task'): SwarmRunInput {
  return { ...scopeOf(id), swarm: swarm(id), message, options: {} };
}

/** A swarm of a user's; `others` are the ones that its stages may name, beside the built-in ones. */
export function ownInput(definition: SwarmDefinition, others: SwarmDefinition[] = [], message = 'The task') {
  const members = membersOf(definition, (id) => others.find((one) => one.id === id) ?? swarm(id));
  const input: SwarmRunInput = { ...scopeOf(definition.id), swarm: definition, message, options: {} };
  return definition.stages ? { ...input, members, max_rounds: 1 } : input;
}

export function coordinateInput(max_rounds = 1, message = 'The task'): SwarmRunInput {
  const members = membersOf(COORDINATION, swarm);
  return { ...scopeOf('coordinate'), swarm: COORDINATION, members, message, options: {}, max_rounds };
}

/** Several swarms on one message. */
export function multiInput(teams: string[], strategy: Strategy): SwarmRunInput {
  const definition = severalSwarms(teams, strategy);
  const members = membersOf(definition, swarm);
  return { ...scopeOf('multi'), swarm: definition, members, message: 'The task', options: {}, max_rounds: 1 };
}
