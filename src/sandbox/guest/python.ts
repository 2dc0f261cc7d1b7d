/** Python: the steps of a program are called from here one after another, so that the end of each is observed outside the interpreter. */
import type { Discovery, Engine, Mode, ExecutionPlan, StepOutcome, Write } from './engine';
import { startFromImage } from './interpreter';
import { PythonError, type Held, type PythonCalls } from './python-calls';
import { findLack, writesFiles } from './python-lacks';

/** Creates an interpreter for one program. */
export async function createPython(image: Uint8Array, write: Write): Promise<Engine> {
  const decoder = new TextDecoder();
  const about: Surroundings = { hasReadInput: false, writesFiles: false };
  const streams = {
    write(bytes: Uint8Array) {
      write(decoder.decode(bytes, { stream: true }));
      return bytes.length;
    },
    onRead: () => void (about.hasReadInput = true),
  };
  const { calls, close } = await startFromImage(image, streams);
  calls.describeBy(calls.hold('lockdown', 'describe'));
  const hold = (name: string) => calls.hold('runner', name);
  const [prepare, load, names, discover, test] = ['prepare', 'load', 'names', 'discover', 'test'].map(hold) as Tuple;
  calls.call(hold('warm_up'));
  for (const mode of ['value', 'statement'] as const) runCheck(calls, hold('__dict__'), 'len([1])', mode);
  close();
  // held here, so that a program cannot replace them
  let program: { load: Held; names: Held } | undefined;
  const held = () => {
    if (!program) throw new Error('There is no program.');
    return program;
  };
  return {
    prepare(files, ownTests) {
      const plan = JSON.parse(calls.call(prepare, JSON.stringify({ files, own_tests: ownTests }))!) as ExecutionPlan;
      about.writesFiles = files.some(({ text }) => writesFiles(text));
      if (plan.refused === undefined) program = { load: calls.callForObject(load), names: calls.callForObject(names) };
      return plan;
    },
    load: () => runStep(about, () => calls.call(held().load)),
    check: (code, mode) => runStep(about, () => runCheck(calls, held().names, code, mode)),
    discover: () => findTests(() => calls.call(discover)),
    test: (index) => runStep(about, () => calls.call(calls.callForObject(test, String(index)))),
  };
}

/** Finding the tests runs code of the program, which may replace what the search uses. */
function findTests(discover: () => string | undefined): Discovery {
  try {
    const found = JSON.parse(discover() ?? 'null') as Discovery | null;
    if (Array.isArray(found?.tests) && found.tests.every((test) => typeof test?.name === 'string')) return found;
    return { tests: [], more: false, error: 'The program replaced what finds its tests.' };
  } catch (error) {
    return { tests: [], more: false, error: String((error as Error | undefined)?.message ?? error) };
  }
}

type Tuple = [Held, Held, Held, Held, Held];

function runCheck(calls: PythonCalls, names: Held, code: string, mode: Mode): string | undefined {
  if (mode === 'statement') {
    calls.run(calls.compile(code, '<check>', 'exec'), names);
    return undefined;
  }
  const source = code.trim();
  // checks that the source is an expression by itself, not the end of a parenthesised one
  calls.compile(source, '<check>', 'eval');
  return calls.run(calls.compile(toRepr(source), '<check>', 'eval'), names);
}

/** The expression's `repr`, formatted by the interpreter itself: no name that a program could redefine is looked up. */
function toRepr(expression: string): string {
  return `f'''{(\n${expression}\n)!r}'''`;
}

/** What is known about a program's use of its environment. */
interface Surroundings {
  /** Whether the current step has read standard input. */
  hasReadInput: boolean;
  writesFiles: boolean;
}

function runStep(about: Surroundings, step: () => string | undefined): StepOutcome {
  about.hasReadInput = false;
  try {
    const value = step();
    return { ended: true, ...(value === undefined ? {} : { value }) };
  } catch (error) {
    return describeError(about, error);
  }
}

function describeError(about: Surroundings, error: unknown): StepOutcome {
  if (!(error instanceof PythonError)) {
    // the following lines contain file paths of this machine
    const [reason] = String((error as Error | undefined)?.message ?? error).split('\n');
    return { ended: false, error: `The interpreter broke: ${reason}`, last: 'broken' };
  }
  const { type, message } = error;
  const text = message.trim();
  const lack = findLack({ ...about, type, text });
  const why = { ended: false, error: text, ...(lack ? { lack } : {}) } as const;
  if (type === 'MemoryError') return { ...why, last: 'memory' };
  if (type === 'SkipTest') return { ...why, skipped: true };
  return type === 'SystemExit' ? { ...why, ...leftWith(text) } : why;
}

/** The exit code at the end of a traceback. */
function leftWith(text: string): { error: string; left: string } {
  const [, left = ''] = /(?:^|\n)SystemExit(?:: ([^]*))?$/.exec(text) ?? ['', 'unknown'];
  return { error: `The program left before its end (SystemExit${left && `: ${left}`}).`, left };
}
