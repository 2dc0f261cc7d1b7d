/** Python: a program's steps are called from here, one after another, so that the end of each is seen outside the interpreter. */
import type { Engine, Lack, Order, Plan, Step, StepOutcome, Write } from './engine';
import { startFromImage } from './interpreter';

interface Session {
  warm_up(): void;
  prepare(order: string): string;
  lock(): void;
  discover(): string;
  step(index: number): () => unknown;
}

/** An interpreter that is ready for one program. */
export async function createPython(image: Uint8Array, write: Write): Promise<Engine> {
  const python = await startFromImage(image);
  const decoder = new TextDecoder();
  const output = {
    write(bytes: Uint8Array) {
      write(decoder.decode(bytes, { stream: true }));
      return bytes.length;
    },
  };
  const session = (python.pyimport('runner') as { session: Session }).session;
  session.warm_up();
  python.setStdin({ stdin: () => null });
  python.setStdout(output);
  python.setStderr(output);
  // held here, so that a program can't replace them
  const steps: (() => unknown)[] = [];
  const hold = (more: Step[]) => {
    for (const _ of more) steps.push(session.step(steps.length));
    return more;
  };
  return {
    prepare(order: Order): Plan {
      const plan = { steps: [], ...(JSON.parse(session.prepare(JSON.stringify(order))) as object) } as Plan;
      hold(plan.steps);
      session.lock();
      return plan;
    },
    run: (index) => Promise.resolve(runStep(steps[index]!)),
    discover: () => hold(JSON.parse(session.discover()) as Step[]),
  };
}

function runStep(step: () => unknown): StepOutcome {
  try {
    const value = step();
    return { ended: true, ...(typeof value === 'string' ? { value } : {}) };
  } catch (error) {
    return whyBroken(error as { type?: string; message?: string });
  }
}

function whyBroken({ type, message = '' }: { type?: string; message?: string }): StepOutcome {
  // further lines tell of files of this machine
  if (type === undefined)
    return { ended: false, error: `The interpreter broke: ${message.split('\n')[0]}`, last: 'broken' };
  const text = message.trim();
  const lack = LACKS.find(([, said]) => said.test(text))?.[0];
  const why = { ended: false, error: text, ...(lack ? { lack } : {}) } as const;
  if (type === 'MemoryError') return { ...why, last: 'memory' };
  if (type === 'SkipTest') return { ...why, skipped: true };
  return type === 'SystemExit' ? { ...why, ...leftWith(text) } : why;
}

/** The code that stands at the end of a traceback. */
function leftWith(text: string): { error: string; left: string } {
  const [, left = ''] = /(?:^|\n)SystemExit(?:: ([^]*))?$/.exec(text) ?? ['', 'unknown'];
  return { error: `The program left before its end (SystemExit${left && `: ${left}`}).`, left };
}

/** As the last line of a traceback tells them; argparse leaves with a 2. */
const LACKS: readonly [Lack, RegExp][] = [
  ['keyboard input', /\nEOFError: EOF when reading a line$/],
  ['command-line arguments', /\nSystemExit: 2$/],
  ['network', /There is no network here>?$/],
  ['threads', /\nRuntimeError: can't start new thread$/],
  ['processes', /There are no processes here$|does not support processes\.$|No module named '_multiprocessing'/],
  ['time zones', /\nzoneinfo\._common\.ZoneInfoNotFoundError: /],
  ['OpenSSL', /\nAttributeError: module 'hashlib' has no attribute 'scrypt'/],
];
