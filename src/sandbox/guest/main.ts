/**
 * The program of the guest process: it starts one interpreter, runs one program and exits. It answers requests of its parent, which decides
 * the verdict. Arguments: the language, the memory limit in bytes, the output limit in characters. Standard input is the image that the
 * interpreter starts from, because its file may be unreadable for the user of this process.
 */
import { readFileSync } from 'node:fs';
import { boundDiscovery, boundOutcome, boundPlan } from './answers';
import { closeGlobals } from './close-globals';
import type { Engine } from './engine';
import { createOutput } from './output';
import { readRequest, send } from './pipe';
import { OUTPUT_OVERRUN, type CommandReplies, type Request } from './protocol';

const [language = '', memoryBytes = '0', outputLimit = '0'] = process.argv.slice(2);
const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process);
const die = () => leave(0);

async function main(): Promise<void> {
  const output = createOutput(
    Number(outputLimit),
    (text) => send({ kind: 'output', text }),
    () => leave(OUTPUT_OVERRUN),
  );
  const engine = await createEngine(output.write);
  closeGlobals();
  send({ kind: 'warm' });
  // nothing is awaited from here on, so that nothing can run between two steps
  for (let request = readRequest(); request; request = readRequest()) {
    const result = answer(engine, request);
    output.flush();
    send({ kind: 'answer', secret: request.secret, result });
  }
  die();
}

async function createEngine(write: (text: string) => void): Promise<Engine> {
  const image = readFileSync(0);
  if (language === 'python') return (await import('./python.js')).createPython(image, write);
  return (await import('./javascript.js')).createJavaScript(image.toString(), Number(memoryBytes), write);
}

function answer(engine: Engine, request: Request): CommandReplies[keyof CommandReplies] {
  switch (request.kind) {
    case 'prepare':
      return boundPlan(engine.prepare(request.files, request.ownTests));
    case 'load':
      return boundOutcome(engine.load());
    case 'check':
      return boundOutcome(engine.check(request.code, request.mode));
    case 'discover':
      return boundDiscovery(engine.discover());
    case 'test':
      return boundOutcome(engine.test(request.index));
  }
}

void main();
