/**
 * The program that runs inside: one interpreter, one order, then the end. It tells its parent what each step came to; the verdict
 * is the parent's. Arguments: the language, the memory limit in bytes, and for Python the image to start from (or to make).
 */
import { readFileSync } from 'node:fs';
import { closeGlobals } from './close-globals';
import type { Engine, Order } from './engine';
import { OUTPUT_OVERRUN, type News } from './news';
import { createOutput } from './output';

const [language = '', memoryBytes = '0', outputBytes = '0', image = ''] = process.argv.slice(2);
const post = process.send?.bind(process) as unknown as (news: News, done?: () => void) => void;
const die = process.kill.bind(process, process.pid, 'SIGKILL');
const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process);
const tell = (news: News) => new Promise<void>((resolve) => post(news, resolve));

async function main(): Promise<void> {
  // whoever ordered this is gone: nobody is left to hear of it
  process.once('disconnect', die);
  const output = createOutput(Number(outputBytes), post, () => leave(OUTPUT_OVERRUN));
  const engine = await createEngine(output.write);
  const ordered = new Promise<Order>((resolve) => process.once('message', resolve));
  closeGlobals();
  await tell({ kind: 'warm' });
  await carryOut(engine, await ordered, output.flush);
  await tell({ kind: 'done' });
  die();
}

async function createEngine(write: (text: string) => void): Promise<Engine> {
  if (language === 'python') return (await import('./python.js')).createPython(readFileSync(image), write);
  return (await import('./javascript.js')).createJavaScript(Number(memoryBytes), write);
}

async function carryOut(engine: Engine, order: Order, flush: () => void): Promise<void> {
  const plan = engine.prepare(order);
  await tell({ kind: 'plan', plan });
  if (plan.refused !== undefined || plan.missing?.length) return;
  let count = plan.steps.length;
  for (let index = 0; index < count; index++) {
    const outcome = await engine.run(index);
    flush();
    await tell({ kind: 'step', index, outcome });
    if (!outcome.ended && (index === 0 || outcome.last)) return;
    if (index === plan.steps.length - 1 && order.ownTests) {
      const steps = engine.discover();
      await tell({ kind: 'own', steps });
      count += steps.length;
    }
  }
}

void main();
