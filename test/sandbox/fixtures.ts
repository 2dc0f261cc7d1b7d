/** One sandbox for a suite, built as the worker builds it, and short words for what is put into it. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckReport } from '../../src/contract/checks';
import { createSandbox, type CheckOrder, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox';

/** The programs that run inside are compiled ones. */
const INSIDE = path.join(__dirname, '../../dist/sandbox/inside');

export interface Rig {
  sandbox: Sandbox;
  python(text: string, more?: Partial<CheckOrder>): Promise<CheckReport>;
  javascript(text: string, more?: Partial<CheckOrder>): Promise<CheckReport>;
  /** How many programs were put in. */
  programs(): number;
  stop(): Promise<void>;
}

export function createRig(options: Partial<SandboxOptions> = {}): Rig {
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-sandbox-'));
  const sandbox = createSandbox({ folder, inside: INSIDE, ...options });
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
    async stop() {
      await sandbox.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A demand of the request's: it stands outside of the program. */
export const demand = (code: string, expected?: string) => ({
  name: code,
  code,
  ...(expected === undefined ? {} : { expected }),
});

/** Names of the checks that hold. */
export const passed = ({ checks }: CheckReport) => checks.filter((check) => check.passed).map(({ name }) => name);
/** The error of the only check that does not hold. */
export function errorOf({ checks }: CheckReport): string | undefined {
  const failed = checks.filter((check) => !check.passed);
  if (failed.length !== 1) throw new Error(`${failed.length} checks do not hold: ${JSON.stringify(failed)}`);
  return failed[0]?.error;
}
