/**
 * Runs generated code and its checks. Each program runs in its own pre-warmed process, which is used once, so that nothing can pass from
 * one program to the next.
 */
import path from 'node:path';
import type { Check, CheckReport, SourceFile } from '../../contract/checks';
import { findLanguage } from '../../contract/languages';
import { boundReport } from './bound-report';
import { Child } from './child';
import { compile } from './compile';
import { guestCommand, readableByAll, type GuestInterpreter } from './commands';
import { provideImage } from './image';
import {
  createIsolation,
  describeProblem,
  SandboxUnavailable,
  type Isolation,
  type IsolationMode,
  type IsolationStatus,
  type SandboxLog,
} from './isolation';
import type { Layer, Layers } from './isolation-layers';
import { createPool, type Pool } from './pool';
import { Reporter } from './report';
import { hasMemoryForSpare, measureCapacity } from './capacity';
import { evaluate, runProgram, type ProgramRun } from './run-program';

export interface SandboxOptions {
  /** Where the interpreter's image is kept between starts, if the folder is writable. */
  folder: string;
  /** The folder with the compiled programs of `guest/`. */
  guest?: string;
  /** The memory of a program in bytes, including about 30 MB of the interpreter. */
  memoryBytes?: number;
  /** The maximum time for a program and all its checks. */
  wallMs?: number;
  /** The maximum output of a program. */
  outputBytes?: number;
  /** The numbers of concurrent programs and of warm spare processes; derived from the machine by default. */
  concurrency?: number;
  spares?: number;
  /** Milliseconds without a program after which no warm processes are kept. */
  idleMs?: number;
  /** How much the layers must protect before anything is executed. */
  isolation?: IsolationMode;
  /** The layers that may be used; all by default. */
  layers?: readonly Layer[];
  log?: SandboxLog;
}

/** The current state of a sandbox. */
interface SandboxStatus extends IsolationStatus {
  /** Why nothing, or not every language, can be executed. */
  problem?: string;
}

export interface CheckOrder {
  /** A language name as in a Markdown fence: `python`, `py`, `ts`, `javascript`, ... */
  language: string;
  /** The first is the main file. */
  files: SourceFile[];
  checks?: Check[];
  /** Whether the program's own tests are run too: test functions and classes, and its main block. */
  ownTests?: boolean;
  wallMs?: number;
}

/** Expressions that are evaluated in the main module of a program. */
interface EvaluationOrder extends Pick<CheckOrder, 'language' | 'files'> {
  expressions: string[];
}

export interface Sandbox {
  /** The number of programs of one language that run concurrently. */
  readonly concurrency: number;
  check(order: CheckOrder, signal?: AbortSignal): Promise<CheckReport>;
  /** The values in the notation of the language, truncated; undefined if an expression fails or is not reached within the limits. */
  evaluate(order: EvaluationOrder, signal?: AbortSignal): Promise<(string | undefined)[]>;
  /** Warms a process for a program that is expected soon. */
  prepare(): void;
  /** The layers around a program, for display; waits until a program could be executed immediately. */
  layers(): Promise<string[]>;
  /** Detects the layers. If they permit nothing, keeps retrying, so that the status is current. */
  isolation(): Promise<IsolationStatus>;
  status(): SandboxStatus;
  close(): Promise<void>;
}

const DEFAULTS = {
  guest: path.join(__dirname, '../guest'),
  memoryBytes: 256 * 1024 * 1024,
  wallMs: 10_000,
  outputBytes: 1024 * 1024,
  isolation: 'auto' as IsolationMode,
};

/** The time limit of an evaluation: an expression may never end, and its value is only informative. */
const EVALUATION_MS = 2000;
const EVALUATING_CHILDREN = 3;

/** The reason in a report; the actual error is not shown, because it contains paths of the worker's machine. */
const NOT_STARTED = 'The sandbox does not start on the workers; their logs and the dashboard say why.';

/** The maximum size of a program, in UTF-16 units. */
const PROGRAM_LIMIT = 512 * 1024;

/**
 * The first process is started when it is needed; after that a warm process waits for the next program, until there has been none for
 * minutes.
 */
export function createSandbox(given: SandboxOptions): Sandbox {
  const options = withDefaults(given);
  const { guest, memoryBytes, isolation: mode, layers: allowed, log } = options;
  const readable = readableByAll(guest);
  const isolation = createIsolation({ guest, readable, memoryBytes, mode, allowed, log });
  const pools = new Map<GuestInterpreter, Pool>();
  const findPool = (interpreter: GuestInterpreter) => {
    const pool = pools.get(interpreter) ?? openPool(interpreter, isolation, options);
    pools.set(interpreter, pool);
    return pool;
  };
  return {
    concurrency: options.concurrency,
    async check(order, signal) {
      const refusal = refuse(order);
      if (refusal) return notExecuted(order.language, refusal);
      const pool = findPool(findLanguage(order.language)!.interpreter);
      const { checks = [], ownTests = false, wallMs = options.wallMs } = order;
      const compiled = await compile(order.files, signal);
      if ('unable' in compiled) return notExecuted(order.language, compiled.unable);
      if ('refused' in compiled) return refused(order.language, compiled.refused);
      const program = toProgram({ ...order, files: compiled.files });
      return pool.use((child) => runProgram(child, program, { checks, ownTests }, wallMs), signal);
    },
    async evaluate({ expressions, ...order }, signal) {
      if (refuse(order)) return expressions.map(() => undefined);
      const pool = findPool(findLanguage(order.language)!.interpreter);
      const values: (string | undefined)[] = [];
      for (let children = 0; values.length < expressions.length && children < EVALUATING_CHILDREN; children++) {
        const rest = expressions.slice(values.length);
        values.push(...(await pool.use((child) => evaluate(child, toProgram(order), rest, EVALUATION_MS), signal)));
      }
      return expressions.map((_code, i) => values[i]);
    },
    prepare: () => findPool('python').prepare(),
    async layers() {
      await findPool('python').warm();
      return (await isolation.known()).layers;
    },
    async isolation() {
      await isolation.current().catch(() => findPool('python').prepare());
      return isolation.known();
    },
    status() {
      const [problem] = [...pools.values()].flatMap((pool) => pool.problem() ?? []);
      const known = isolation.status() ?? { layers: [], unprotected: [] };
      return { ...known, ...(problem === undefined ? {} : { problem }) };
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

type WholeOptions = ReturnType<typeof withDefaults>;

function withDefaults(given: SandboxOptions) {
  const options = { ...DEFAULTS, ...given };
  return { ...measureCapacity(options.memoryBytes), ...options };
}

function openPool(interpreter: GuestInterpreter, isolation: Isolation, options: WholeOptions): Pool {
  const { folder, guest, memoryBytes, outputBytes: outputLimit, concurrency, spares, idleMs } = options;
  const start = async ({ prefix }: Layers) => {
    // built again if its file has vanished
    const input = await provideImage(interpreter, folder, guest);
    const command = guestCommand({ ...options, prefix, interpreter });
    const child = new Child({ command, memoryBytes, outputLimit, input });
    await child.ready;
    return child;
  };
  return createPool({
    start: () => startBehindLayers(start, isolation),
    concurrency,
    spares,
    hasMemory: () => hasMemoryForSpare(memoryBytes),
    ...(idleMs === undefined ? {} : { idleMs }),
  });
}

/** If a process does not start, detects the layers again and retries once. */
async function startBehindLayers(start: (layers: Layers) => Promise<Child>, isolation: Isolation): Promise<Child> {
  for (let isLast = false; ; isLast = true) {
    const layers = await isolation.current();
    try {
      return await start(layers);
    } catch (error) {
      await isolation.reconsider(layers, describeProblem(error));
      if (isLast) throw new SandboxUnavailable(NOT_STARTED, { cause: error });
    }
  }
}

function toProgram({ language, files }: Pick<CheckOrder, 'language' | 'files'>): ProgramRun {
  return { language, files, interpreter: findLanguage(language)!.interpreter };
}

function refuse({ language, files }: Pick<CheckOrder, 'language' | 'files'>): string | undefined {
  if (!files.some(({ text }) => text.trim())) return 'There is no code to execute.';
  if (!findLanguage(language)) {
    return `Only Python, JavaScript and TypeScript are executed here${language ? `, not ${language}` : ''}.`;
  }
  if (files.reduce((sum, { text }) => sum + text.length, 0) > PROGRAM_LIMIT)
    return 'The program is too long to be executed here.';
  if (files.some((file) => !isInside(file.path))) return 'A file of the program lies outside of its folder.';
  return undefined;
}

function isInside(file: string): boolean {
  return file !== '' && !path.posix.isAbsolute(file) && !path.posix.normalize(file).startsWith('..');
}

function notExecuted(language: string, reason: string): CheckReport {
  return boundReport({ language, executed: false, reason, passed: false, checks: [], output: '', ms: 0 });
}

/** The report for a program that could not be compiled. */
function refused(language: string, reason: string): CheckReport {
  const reporter = new Reporter(false);
  reporter.acceptPlan({ refused: reason });
  return reporter.conclude(language, {}, 0);
}
