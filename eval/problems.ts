/** The problems of HumanEval, as its package keeps them, and how they are asked and scored. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { programOf } from '../src/activities/code-blocks';
import type { Sandbox } from '../src/sandbox/sandbox';

export interface Problem {
  task_id: string;
  /** Imports, a signature and its docstring. */
  prompt: string;
  entry_point: string;
  /** The hidden tests: `def check(candidate)`. Used for scoring only. */
  test: string;
}

/** A long computation is no fault of these problems; an endless one is. */
const SCORE_WALL_MS = 20_000;

export function readProblems(file: string): Problem[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Problem);
}

export function questionOf({ prompt }: Problem): string {
  return `Complete this Python function. Answer with the whole function, imports included, in one code block.\n\n\`\`\`python\n${prompt.trim()}\n\`\`\``;
}

/** Whether the answer's function passes the hidden tests. What the prompt itself imports and defines is given to it, as in the original. */
export async function score(problem: Problem, answer: string, sandbox: Sandbox): Promise<boolean> {
  const program = programOf(answer);
  const code = program?.files.map(({ text }) => text).join('\n\n') ?? answer;
  const before = problem.prompt.slice(0, problem.prompt.lastIndexOf(`def ${problem.entry_point}`));
  const files = [{ path: 'main.py', text: `${before}\n${code}` }];
  const checks = [{ name: 'hidden tests', code: `${problem.test}\n\ncheck(${problem.entry_point})` }];
  const report = await sandbox.check({ language: 'python', files, checks, wallMs: SCORE_WALL_MS });
  return report.passed;
}
