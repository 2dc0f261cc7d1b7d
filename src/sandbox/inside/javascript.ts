/** JavaScript and TypeScript: QuickJS in WebAssembly, which knows nothing of Node. Types are stripped before. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten-core';
import { transform } from 'sucrase';
import type { Engine, Order, Plan, Step, StepOutcome, Write } from './engine';
import { localise } from './locale';

/** Scripts that are run before the program, each an expression. */
const PRELUDE = ['assertions', 'tests', 'clock', 'node', 'surroundings'].map((name) =>
  readFileSync(path.join(__dirname, 'prelude', `${name}.js`), 'utf8'),
);
/** What Node has built in and others have written for where Node is not; run when a program asks for it. */
const PACKAGES = {
  events: 'events/events.js',
  path: 'path-browserify',
  buffer: 'buffer/index.js',
  'base64-js': 'base64-js',
  ieee754: 'ieee754',
};
/** Some 3,000 calls deep. V8's own stack, `STACK_KB` in `commands.ts`, must hold as many of the interpreter's. */
const STACK_BYTES = 512 * 1024;

type Result = ReturnType<QuickJSContext['evalCode']>;

/** An interpreter that is ready for one program. */
export async function createJavaScript(memoryBytes: number, write: Write): Promise<Engine> {
  const quickJs = await newQuickJSWASMModuleFromVariant(variant);
  const runtime = quickJs.newRuntime({ memoryLimitBytes: memoryBytes, maxStackSizeBytes: STACK_BYTES });
  return new JavaScript(runtime.newContext(), write);
}

class JavaScript implements Engine {
  private readonly prelude: QuickJSHandle;
  private readonly steps: (() => Result)[] = [];
  private failure: string | undefined;
  /** The code with which the program wanted to leave. */
  private left: string | undefined;

  constructor(
    private readonly vm: QuickJSContext,
    write: Write,
  ) {
    const host = vm.newObject();
    const offer = (name: string, act: (text: string) => unknown) =>
      vm
        .newFunction(name, (text) => {
          const answer = act(text ? vm.getString(text) : '');
          return typeof answer === 'string' ? vm.newString(answer) : vm.undefined;
        })
        .consume((handle) => vm.setProp(host, name, handle));
    offer('hostWrite', (text) => void write(text));
    offer('hostFail', (text) => void (this.failure ??= text));
    offer('hostLeave', (code) => void (this.left ??= code));
    offer('hostLocale', localise);
    // an interruption can not be caught by the program, unlike anything that it could be thrown
    vm.runtime.setInterruptHandler(() => this.left !== undefined);
    const scripts = PRELUDE.map((text) => vm.unwrapResult(vm.evalCode(text, 'prelude')));
    const surroundings = scripts.pop()!;
    this.prelude = vm.unwrapResult(vm.callFunction(surroundings, vm.undefined, host, ...scripts));
    for (const [name, file] of Object.entries(PACKAGES)) {
      const text = readFileSync(require.resolve(file), 'utf8');
      this.call('addPackage', ...[name, text].map((value) => vm.newString(value))).dispose();
    }
  }

  prepare({ files, checks }: Order): Plan {
    const [main] = files;
    if (!main) return { steps: [] };
    let code: string;
    try {
      code = strip(main.text);
      for (const { path: name, text } of files.slice(1)) {
        const handles = [name, strip(text)].map((value) => this.vm.newString(value));
        this.call('addModule', ...handles).dispose();
      }
    } catch (error) {
      return { refused: String(error), steps: [] };
    }
    this.steps.push(() => this.load(code, main.path));
    this.steps.push(...checks.map((check) => () => this.vm.evalCode(strip(check.code), 'check')));
    const missing = packagesOf(files.map(({ text }) => strip(text)));
    return {
      missing,
      steps: [
        { name: 'the program loads', origin: 'load' },
        ...checks.map(({ name, expected, code: source }): Step => {
          return { name, origin: 'request', ...(expected === undefined ? {} : { expected, source, javascript: true }) };
        }),
      ],
    };
  }

  discover(): Step[] {
    const names = this.call('testNames').consume((names) => JSON.parse(this.vm.getString(names)) as string[]);
    this.steps.push(
      ...names.map((_, index) => () => {
        const at = this.vm.newNumber(index);
        return this.vm.callFunction(this.vm.getProp(this.prelude, 'runTest'), this.vm.undefined, at);
      }),
    );
    return names.map((name) => ({ name, origin: 'own' }));
  }

  async run(index: number): Promise<StepOutcome> {
    const step = this.steps[index];
    if (!step) throw new Error(`There is no step ${index}.`);
    this.failure = undefined;
    const outcome = this.settle(step());
    if (this.left !== undefined) return this.leave(index);
    if (outcome.ended && this.failure !== undefined) return { ended: false, error: this.failure };
    return Promise.resolve(outcome);
  }

  /** A program that leaves well has done what it does by itself; a demand or a test has not come to its end. */
  private leave(index: number): StepOutcome {
    const code = this.left;
    this.left = undefined;
    if (index === 0 && code === '0') return { ended: true };
    return { ended: false, error: `The program left before its end (process.exit(${code})).` };
  }

  /** A script with `await` outside of functions is run as one function. */
  private load(code: string, file: string): Result {
    const result = this.vm.evalCode(code, file);
    if (!result.error || !/\bawait\b/.test(code)) return result;
    const isSyntax = this.vm.getProp(result.error, 'name').consume((name) => this.vm.getString(name)) === 'SyntaxError';
    if (!isSyntax) return result;
    result.dispose();
    return this.vm.evalCode(`(async () => {${code}\n})()`, file);
  }

  private settle(result: Result): StepOutcome {
    const { vm } = this;
    if (result.error) return this.failed(result.error);
    const failed = this.runJobs();
    if (failed) return failed;
    const state = vm.getPromiseState(result.value);
    if (state.type === 'pending') return { ended: false, error: 'It waits for something that never comes.' };
    if (state.type === 'rejected') return this.failed(state.error);
    const value: unknown = vm.dump(state.notAPromise ? result.value : state.value);
    return { ended: true, ...(value === undefined ? {} : { value: write(value) }) };
  }

  /** Promises first, then the next timer, until nothing is left. */
  private runJobs(): StepOutcome | undefined {
    for (;;) {
      const jobs = this.vm.runtime.executePendingJobs();
      if (jobs.error) return this.failed(jobs.error);
      const timer = this.vm.callMethod(this.prelude, 'runTimer');
      if (timer.error) return this.failed(timer.error);
      if (!timer.value.consume((more) => this.vm.dump(more) as boolean)) return undefined;
    }
  }

  private failed(error: QuickJSHandle): StepOutcome {
    const dumped = error.consume((handle) => this.vm.dump(handle) as unknown);
    const { name, message, stack } = (dumped ?? {}) as { name?: string; message?: string; stack?: string };
    const text = message === undefined ? String(dumped) : `${name}: ${message}\n${stack ?? ''}`.trim();
    const isMemory = name === 'InternalError' && message === 'out of memory';
    return { ended: false, error: text, ...(isMemory ? { last: 'memory' } : {}), ...lackOf(`${name}: ${message}`) };
  }

  private call(method: string, ...handles: QuickJSHandle[]): QuickJSHandle {
    return this.vm.unwrapResult(this.vm.callMethod(this.prelude, method, handles));
  }
}

/** JSON has no words for some numbers, and none for any bigint. */
function write(value: unknown): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** TypeScript as JavaScript, and modules as `require` and `exports`. */
function strip(text: string): string {
  return transform(text, { transforms: ['typescript', 'imports'], disableESTransforms: true }).code;
}

const PROVIDED = new Set([
  ...['assert', 'assert/strict', 'test', 'vitest', '@jest/globals', 'util', 'process', 'os', 'perf_hooks'],
  ...['timers', 'timers/promises', 'events', 'path', 'buffer'],
]);
/** What programs find in Node or in a browser, and not here. */
const OFFERED_ELSEWHERE: ReadonlySet<string> = new Set(
  `fetch Request Response Headers FormData Blob File URL URLSearchParams WebSocket EventSource XMLHttpRequest ReadableStream
  WritableStream TransformStream CompressionStream MessageChannel BroadcastChannel Worker SharedArrayBuffer Atomics WebAssembly
  document window navigator location localStorage sessionStorage indexedDB alert prompt confirm HTMLElement customElements
  requestAnimationFrame Deno Bun`.split(/\s+/),
);

function lackOf(error: string): { lack?: string } {
  const [, name = ''] = /^ReferenceError: '?(\w+)'? is not defined$/.exec(error) ?? [];
  return OFFERED_ELSEWHERE.has(name) ? { lack: name } : {};
}
function packagesOf(sources: string[]): string[] {
  const names = sources.flatMap((source) => [...source.matchAll(/\brequire\(\s*['"]([^'"./][^'"]*)['"]\s*\)/g)]);
  return [...new Set(names.map(([, name = '']) => name.replace(/^node:/, '')))].filter((name) => !PROVIDED.has(name));
}
