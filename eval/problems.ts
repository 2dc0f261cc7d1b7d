/** The problems of HumanEval in the format of its package, and how they are asked and scored. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { extractProgram } from '../src/verification/extract-program';
import type { Sandbox } from '../src/sandbox/host/sandbox';

export interface Problem {
  task_id: string;
  /** Imports, a signature and its docstring. */
  prompt: string;
  entry_point: string;
  /** The hidden tests: `def check(candidate)`. Used for scoring only. */
  test: string;
}

/** Long enough for slow but correct solutions of these problems; stops endless ones. */
const SCORE_WALL_MS = 20_000;

export function readProblems(file: string): Problem[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Problem);
}

export function writeQuestion({ prompt }: Problem): string {
  return `Complete this Python function. Answer with the whole function, imports included, in one code block.\n\n\`\`\`python\n${prompt.trim()}\n\`\`\``;
}

/** Whether the answer's function passes the hidden tests. It gets the prompt's own imports and definitions, as in the original. */
export async function score(problem: Problem, answer: string, sandbox: Sandbox): Promise<boolean> {
  const program = extractProgram(answer);
  const code = program?.files.map(({ text }) => text).join('\n\n') ?? answer;
  const before = problem.prompt.slice(0, problem.prompt.lastIndexOf(`def ${problem.entry_point}`));
  const files = [{ path: 'main.py', text: `${before}\n${code}` }];
  const checks = [{ name: 'hidden tests', code: `${problem.test}\n\ncheck(${problem.entry_point})` }];
  const report = await sandbox.check({ language: 'python', files, checks, wallMs: SCORE_WALL_MS });
  return report.passed;
}
