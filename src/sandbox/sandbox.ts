/**
 * Runs generated code and its checks. Each check has a process of its own that was warmed before and is used once, so nothing can
 * pass from one to the next.
 */
import path from 'node:path';
import type { Check, CheckReport, SourceFile } from '../contract/checks';
import { languageOf } from '../contract/languages';
import { Child } from './child';
import { insideCommand, readableBy, type Interpreter } from './commands';
import { provideImage } from './image';
import { findLayers } from './layers';
import { createPool, type Pool } from './pool';
import { Reporter } from './report';

export interface SandboxOptions {
  /** Where the interpreter's memory image is kept between starts, if it can be written there. */
  folder: string;
  /** The folder with the compiled programs that run inside. */
  inside?: string;
  /** Memory of a program, in bytes, the interpreter's own 30 MB included. */
  memoryBytes?: number;
  /** Longest time that a program and all its checks may take. */
  wallMs?: number;
  /** Most that a program may write. */
  outputBytes?: number;
  /** Programs that run at the same time. */
  concurrency?: number;
}

export interface CheckOrder {
  /** As a Markdown fence names it: `python`, `py`, `ts`, `javascript`, ... */
  language: string;
  /** The first is the main file. */
  files: SourceFile[];
  checks?: Check[];
  /** Whether the tests that the program brings along are run too: test functions and classes, and what stands in its main block. */
  ownTests?: boolean;
  wallMs?: number;
}

/** Expressions whose values are wanted, in the main module of a program. */
export interface EvaluationOrder extends Pick<CheckOrder, 'language' | 'files'> {
  expressions: string[];
}

export interface Sandbox {
  check(order: CheckOrder, signal?: AbortSignal): Promise<CheckReport>;
  /** The values as the language writes them, bounded; undefined where an expression fails, or was not come to within the limits. */
  evaluate(order: EvaluationOrder, signal?: AbortSignal): Promise<(string | undefined)[]>;
  /** The walls that this machine offers, for people. */
  layers(): Promise<string[]>;
  close(): Promise<void>;
}

const DEFAULTS = {
  inside: path.join(__dirname, 'inside'),
  memoryBytes: 256 * 1024 * 1024,
  wallMs: 10_000,
  outputBytes: 1024 * 1024,
  concurrency: 2,
};

/** What the values of expressions may take: one may never end, and they are asked for out of curiosity. */
const EVALUATION_MS = 2000;
const EVALUATING_CHILDREN = 3;

/** Largest program, in UTF-16 units. */
const PROGRAM_LIMIT = 512 * 1024;

/** Begins to warm itself at once; a check that comes before that is done waits for it. */
export function createSandbox(given: SandboxOptions): Sandbox {
  const options = { ...DEFAULTS, ...given };
  const pools = new Map<Interpreter, Promise<Pool>>();
  const poolOf = (interpreter: Interpreter) => {
    const known = pools.get(interpreter);
    if (known) return known;
    const pool = openPool(interpreter, options);
    // the next check tries again
    pool.catch(() => pools.delete(interpreter));
    pools.set(interpreter, pool);
    return pool;
  };
  poolOf('python').catch(() => undefined);
  return {
    async check(order, signal) {
      const refusal = refuse(order);
      if (refusal) return notExecuted(order.language, refusal);
      const pool = await poolOf(languageOf(order.language)!.interpreter);
      return pool.use((child) => execute(child, order, options.wallMs), signal);
    },
    async evaluate({ expressions, ...order }, signal) {
      if (refuse(order)) return expressions.map(() => undefined);
      const pool = await poolOf(languageOf(order.language)!.interpreter);
      const values: (string | undefined)[] = [];
      for (let children = 0; values.length < expressions.length && children < EVALUATING_CHILDREN; children++) {
        const reporter = new Reporter();
        // that the value is unlike what is expected is of no interest
        const checks = expressions.slice(values.length).map((code) => ({ name: code, code, expected: '' }));
        const task = { ...order, checks, ownTests: false };
        await pool.use((child) => child.carryOut(task, EVALUATION_MS, reporter.hear), signal);
        // one during which the child ended gave nothing; another child goes on behind it
        values.push(...reporter.given(), undefined);
      }
      return expressions.map((_code, i) => values[i]);
    },
    layers: async () => (await poolOf('python')).layers,
    async close() {
      const opened = await Promise.allSettled(pools.values());
      await Promise.all(opened.map((pool) => (pool.status === 'fulfilled' ? pool.value.close() : undefined)));
    },
  };
}

async function openPool(interpreter: Interpreter, options: typeof DEFAULTS & SandboxOptions): Promise<Pool> {
  const image = interpreter === 'python' ? await provideImage(options.folder, options.inside) : undefined;
  const layers = await findLayers([...readableBy(interpreter, options.inside), ...(image ? [image] : [])]);
  const command = insideCommand({ ...options, layers, interpreter, image });
  return createPool({
    start: () => new Child({ command, memoryBytes: options.memoryBytes }),
    concurrency: options.concurrency,
    layers: layers.names,
  });
}

async function execute(child: Child, order: CheckOrder, wallMs: number): Promise<CheckReport> {
  const reporter = new Reporter();
  await child.ready;
  const start = performance.now();
  const { language, files, checks = [], ownTests = false } = order;
  const end = await child.carryOut({ language, files, checks, ownTests }, order.wallMs ?? wallMs, reporter.hear);
  return reporter.conclude(language, end, Math.round(performance.now() - start));
}

function refuse({ language, files }: Pick<CheckOrder, 'language' | 'files'>): string | undefined {
  if (!files.some(({ text }) => text.trim())) return 'There is no code to execute.';
  if (!languageOf(language)) {
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
  return { language, executed: false, reason, passed: false, checks: [], output: '', ms: 0 };
}
