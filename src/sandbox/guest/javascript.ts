/** JavaScript and TypeScript: QuickJS in WebAssembly, without Node's API. Types are stripped first. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten-core';
import type { SourceFile } from '../../contract/checks';
import type { Discovery, Engine, ExecutionPlan, StepOutcome, Write } from './engine';
import { localise } from './locale';
import { listPackages, strip, toModules } from './strip';
import { TESTS_PER_ANSWER } from './protocol';

/** Scripts that run before the program; each is an expression. */
const PRELUDE = ['tests', 'clock', 'node', 'top-level', 'testing', 'surroundings'].map((name) =>
  readFileSync(path.join(__dirname, 'prelude', `${name}.js`), 'utf8'),
);
/** Allows about 3,000 nested calls. V8's own stack, `STACK_KB` in `commands.ts`, must hold the same number of the interpreter's calls. */
const STACK_BYTES = 512 * 1024;

type Result = ReturnType<QuickJSContext['evalCode']>;

/** Creates an interpreter for one program. `image` contains the source of each package, which is run when a program requires it. */
export async function createJavaScript(image: string, memoryBytes: number, write: Write): Promise<Engine> {
  const quickJs = await newQuickJSWASMModuleFromVariant(variant);
  const runtime = quickJs.newRuntime({ memoryLimitBytes: memoryBytes, maxStackSizeBytes: STACK_BYTES });
  return new JavaScript(runtime.newContext(), JSON.parse(image) as Record<string, string>, write);
}

class JavaScript implements Engine {
  private readonly prelude: QuickJSHandle;
  private program = (): Result => this.vm.evalCode('');
  /** The main file, if its top-level assertions are tests; and the lines of those. */
  private main: SourceFile | undefined;
  private asserted: number[] = [];
  private names: string[] | undefined;
  private discovered = 0;
  private failure: string | undefined;
  /** The exit code with which the program wanted to exit. */
  private left: string | undefined;

  constructor(
    private readonly vm: QuickJSContext,
    packages: Record<string, string>,
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
    // the program cannot catch an interruption, unlike any exception
    vm.runtime.setInterruptHandler(() => this.left !== undefined);
    const scripts = PRELUDE.map((text) => vm.unwrapResult(vm.evalCode(text, 'prelude')));
    const surroundings = scripts.pop()!;
    this.prelude = vm.unwrapResult(vm.callFunction(surroundings, vm.undefined, host, ...scripts));
    for (const [name, text] of Object.entries(packages)) {
      this.call('addPackage', ...[name, text].map((value) => vm.newString(value))).dispose();
    }
  }

  prepare(files: SourceFile[], ownTests: boolean): ExecutionPlan {
    const [main] = files;
    if (!main) return {};
    if (ownTests) this.main = main;
    try {
      const code = strip(main.text);
      const modules = files.slice(1).flatMap(toModules);
      for (const module of modules)
        this.call('addModule', ...module.map((value) => this.vm.newString(value))).dispose();
      this.call('setMain', this.vm.newString(main.path)).dispose();
      this.program = () => this.evaluate(code, main.path);
      return {
        missing: listPackages([code, ...modules.map(([, text]) => text)]).filter((name) => !this.hasFile(name)),
      };
    } catch (error) {
      return { refused: String(error) };
    }
  }

  private hasFile(name: string): boolean {
    return this.call('hasFile', this.vm.newString(name)).consume((found) => this.vm.dump(found) === true);
  }

  load(): StepOutcome {
    if (this.main) this.call('beginLoading', this.vm.newString(this.main.path)).dispose();
    const outcome = this.run(this.program);
    this.asserted = this.endLoading();
    // a program that exits successfully has completed
    return !outcome.ended && outcome.left === '0' ? { ended: true } : outcome;
  }

  check(code: string): StepOutcome {
    let stripped: string;
    try {
      stripped = strip(code);
    } catch (error) {
      return { ended: false, error: String(error) };
    }
    return this.run(() => this.vm.evalCode(stripped, 'check'));
  }

  discover(): Discovery {
    try {
      const names = (this.names ??= this.findTests());
      const page = names.slice(this.discovered, this.discovered + TESTS_PER_ANSWER);
      this.discovered += page.length;
      return { tests: page.map((name) => ({ name })), more: this.discovered < names.length };
    } catch (error) {
      return { tests: [], more: false, error: String(error) };
    }
  }

  /** Top-level assertions come first, each identified by its line. */
  test(index: number): StepOutcome {
    const line = this.asserted[index];
    const [method, argument] = line === undefined ? ['runTest', index - this.asserted.length] : ['failNoted', line];
    return this.run(() => this.vm.callMethod(this.prelude, method, [this.vm.newNumber(argument)]));
  }

  /** After some failures, such as out of memory, no function can be called any more. */
  private endLoading(): number[] {
    try {
      return this.readJson('endLoading').filter((line) => typeof line === 'number');
    } catch {
      return [];
    }
  }

  private findTests(): string[] {
    const lines = this.main?.text.split('\n') ?? [];
    const asserted = this.asserted.map((line) => lines[line - 1]?.trim() ?? `line ${line}`);
    return [...asserted, ...this.readJson('testNames').map(String)];
  }

  /** The list that a method of the prelude returns; empty if the program has changed something that the prelude uses. */
  private readJson(method: string): unknown[] {
    const list: unknown = this.call(method).consume((text) => JSON.parse(this.vm.getString(text)));
    return Array.isArray(list) ? list : [];
  }

  private run(step: () => Result): StepOutcome {
    this.failure = undefined;
    const outcome = this.settle(step());
    if (this.left !== undefined) return this.leave();
    if (outcome.ended && this.failure !== undefined) return { ended: false, error: this.failure };
    return outcome;
  }

  private leave(): StepOutcome {
    const left = this.left ?? '';
    this.left = undefined;
    return { ended: false, error: `The program left before its end (process.exit(${left})).`, left };
  }

  /** A script with top-level `await` is run as one function. */
  private evaluate(code: string, file: string): Result {
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

  /** Runs promise jobs, then the next timer, until nothing is left. */
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
    const text = message === undefined ? String(dumped) : `${name}: ${message}\n${ownFrames(stack ?? '')}`.trim();
    const isMemory = name === 'InternalError' && message === 'out of memory';
    return { ended: false, error: text, ...(isMemory ? { last: 'memory' } : {}), ...findLack(`${name}: ${message}`) };
  }

  private call(method: string, ...handles: QuickJSHandle[]): QuickJSHandle {
    return this.vm.unwrapResult(this.vm.callMethod(this.prelude, method, handles));
  }
}

/** A stack trace without frames of the prelude and of packages. */
function ownFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => !/\((?:native|<input>:|prelude:)/.test(line));
  return lines.join('\n');
}

/** JSON cannot represent some numbers, and no bigint. */
function write(value: unknown): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** Names that are defined in Node or in a browser, but not here. */
const OFFERED_ELSEWHERE: ReadonlySet<string> = new Set(
  `fetch Request Response Headers FormData Blob File URL URLSearchParams WebSocket EventSource XMLHttpRequest ReadableStream
  WritableStream TransformStream CompressionStream MessageChannel BroadcastChannel Worker SharedArrayBuffer Atomics WebAssembly
  document window navigator location localStorage sessionStorage indexedDB alert prompt confirm HTMLElement customElements
  requestAnimationFrame Deno Bun React ReactDOM jQuery`.split(/\s+/),
);

function findLack(error: string): { lack?: string } {
  if (error === 'Error: There is no keyboard input here') return { lack: 'keyboard input' };
  const [, name = ''] = /^ReferenceError: '?(\w+)'? is not defined$/.exec(error) ?? [];
  return OFFERED_ELSEWHERE.has(name) ? { lack: name } : {};
}
