/** Python: a program's steps are called from here, one after another, so that the end of each is seen outside the interpreter. */
import type { Engine, Order, Plan, Step, StepOutcome, Write } from './engine';
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
    const { type, message } = error as { type?: string; message?: string };
    if (type === 'SystemExit') return { ended: false, error: 'The program left before its end (SystemExit).' };
    if (type === undefined) return { ended: false, error: `The interpreter broke: ${message}`, last: 'broken' };
    return { ended: false, error: (message ?? '').trim(), ...(type === 'MemoryError' ? { last: 'memory' } : {}) };
  }
}
