/** One sandbox for a suite, built as the worker builds it, and helpers for its input and reports. */
import path from 'node:path';
import type { CheckReport } from '../../src/contract/checks';
import { createSandbox, type CheckOrder, type Sandbox, type SandboxOptions } from '../../src/sandbox/host/sandbox';
import { IMAGES } from './images';

/** The guest programs are compiled ones. */
const GUEST = path.join(__dirname, '../../dist/sandbox/guest');

export interface Harness {
  sandbox: Sandbox;
  python(text: string, more?: Partial<CheckOrder>): Promise<CheckReport>;
  javascript(text: string, more?: Partial<CheckOrder>): Promise<CheckReport>;
  /** The number of programs that were checked. */
  programs(): number;
  stop(): Promise<void>;
}

export function createHarness(options: Partial<SandboxOptions> = {}): Harness {
  const sandbox = createSandbox({ folder: IMAGES, guest: GUEST, ...options });
  let programs = 0;
  const run =
    (language: string, name: string) =>
    (text: string, more: Partial<CheckOrder> = {}) => {
      programs++;
      return sandbox.check({ language, files: [{ path: name, text }], ...more });
    };
  return {
    sandbox,
    python: run('python', 'main.py'),
    javascript: run('typescript', 'main.ts'),
    programs: () => programs,
    stop: () => sandbox.close(),
  };
}

/** A check of the request: it is outside of the program. */
export const demand = (code: string, expected?: string) => ({
  name: code,
  code,
  ...(expected === undefined ? {} : { expected }),
});

/** The names of the checks that passed. */
export const passed = ({ checks }: CheckReport) => checks.filter((check) => check.passed).map(({ name }) => name);
/** The error of the only check that failed. */
export function readError({ checks }: CheckReport): string | undefined {
  const failed = checks.filter((check) => !check.passed);
  if (failed.length !== 1) throw new Error(`${failed.length} checks do not hold: ${JSON.stringify(failed)}`);
  return failed[0]?.error;
}
