/**
 * Compiles TypeScript, and JavaScript syntax that the interpreter does not support, with esbuild: one process per file, with an empty
 * environment and limits on time and memory. It only converts text to text; the output runs inside the sandbox like any other program.
 */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { SourceFile } from '../../contract/checks';

/** `refused`: not valid TypeScript, with the reason; `unable`: it could not be compiled here. */
export type Compiled = { files: SourceFile[] } | { refused: string } | { unable: string };

const LIMIT_MS = 10_000;
/**
 * Limits the data segment (RLIMIT_DATA) instead of the address space: the Go runtime reserves much more address space than it uses, and
 * with such a limit a few of a hundred compilations failed at random. A source within the length limit below may still nest too deeply for
 * this memory.
 */
const LIMIT_KB = 512 * 1024;
const LONGEST = 256 * 1024;
const MOST_FILES = 50;
const MOST_OUTPUT = 4 * 1024 * 1024;
const NICENESS = 5;

const TYPESCRIPT = /\.[mc]?tsx?$/;
const JAVASCRIPT = /\.[mc]?jsx?$/;
/** JavaScript syntax that neither the interpreter nor the type stripping supports: decorators, `import.meta`, accessors and the like. */
const BEYOND = /\bimport\.meta\b|(?:^|[{(,;)])[ \t]{0,40}@[A-Za-z_$]|^[ \t]{0,40}(?:await )?using \w|\baccessor [\w#]/m;
/** TypeScript syntax that is more than types. */
const BEYOND_TYPES =
  /^[ \t]{0,40}(?:export )?(?:declare )?(?:namespace|module) [\w.]|^[ \t]{0,40}(?:export )?import \w+ ?= ?|^[ \t]{0,40}export ?= ?/m;
/** The legacy form of decorators, before they were standardised. */
const EARLIER_DECORATORS =
  /\bPropertyDescriptor\b|\bdescriptor\s*[.?:]|\bpropertyKey\b|\breflect-metadata\b|\bexperimentalDecorators\b/;
const META =
  '--define:import.meta={"url":"file:///program/main.js","main":true,"filename":"/program/main.js","dirname":"/program"}';

/** Files that the interpreter supports after type stripping are returned unchanged. */
export async function compile(files: readonly SourceFile[], signal?: AbortSignal): Promise<Compiled> {
  const isForeign = ({ path, text }: SourceFile) =>
    TYPESCRIPT.test(path) ? BEYOND.test(text) || BEYOND_TYPES.test(text) : JAVASCRIPT.test(path) && BEYOND.test(text);
  const foreign = files.filter(isForeign);
  if (foreign.length > MOST_FILES) return { unable: 'It has too many files to be compiled here.' };
  const compiled: SourceFile[] = [];
  for (const file of files) {
    if (!isForeign(file)) {
      compiled.push(file);
      continue;
    }
    const outcome = await compileOne(file, signal);
    if (typeof outcome !== 'string') return outcome;
    compiled.push({ path: file.path, text: outcome });
  }
  return { files: compiled };
}

async function compileOne(
  { path, text }: SourceFile,
  signal?: AbortSignal,
): Promise<string | Exclude<Compiled, { files: SourceFile[] }>> {
  if (text.length > LONGEST) return { unable: 'The program is too long to be compiled here.' };
  const decorators = EARLIER_DECORATORS.test(text)
    ? ['--tsconfig-raw={"compilerOptions":{"experimentalDecorators":true}}']
    : [];
  const loaders = TYPESCRIPT.test(path) ? ['ts', 'tsx'] : ['jsx'];
  let first: string | undefined;
  for (const loader of loaders) {
    const args = [`--loader=${loader}`, `--sourcefile=${path}`, '--target=es2022', META, ...decorators];
    const { output, complaint, code } = await runEsbuild(args, text, signal);
    if (code === 0) return output;
    if (code !== 1 || !complaint.includes('[ERROR]')) return { unable: 'The program could not be compiled here.' };
    first ??= complaint;
  }
  return {
    refused: `SyntaxError: ${(first ?? '')
      .replace(/^.*?\[ERROR\]\s*/s, '')
      .trim()
      .slice(0, 1000)}`,
  };
}

interface End {
  output: string;
  complaint: string;
  /** Null if it was killed. */
  code: number | null;
}

/** A shell sets the limits and then replaces itself with the compiler. */
function runEsbuild(args: readonly string[], input: string, signal?: AbortSignal): Promise<End> {
  const quiet = ['--log-level=error', '--log-limit=3', '--color=false'];
  const command = [`ulimit -d ${LIMIT_KB} && exec "$0" "$@"`, program(), ...args, ...quiet];
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', ...command], {
      env: {},
      cwd: '/',
      stdio: 'pipe',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      signal,
    });
    const pieces = { output: '', complaint: '' };
    const collect = (name: keyof typeof pieces) => (piece: string) => {
      if (pieces[name].length + piece.length > MOST_OUTPUT) child.kill('SIGKILL');
      else pieces[name] += piece;
    };
    child.stdout.setEncoding('utf8').on('data', collect('output'));
    child.stderr.setEncoding('utf8').on('data', collect('complaint'));
    child.stdin.on('error', () => undefined);
    child.on('error', () => resolve({ ...pieces, code: null }));
    child.on('close', (code) => resolve({ ...pieces, code }));
    if (child.pid !== undefined) lowerPriority(child.pid);
    child.stdin.end(input);
  });
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // it has already exited
  }
}

/** The esbuild binary for this platform, from the npm package. */
function program(): string {
  return require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`);
}
