// Plays a completion as one JSON body, for requests that do not stream.
import { usageOnWire } from './bill';
import { now } from './clock';
import type { Exchange } from './exchange';
import type { Fault } from './reply';
import type { Scene } from './scene';

export async function playWhole(scene: Scene): Promise<void> {
  const { exchange, reply, timetable, identity } = scene;
  const at = typeof reply.fault?.at === 'number' ? reply.fault.at : Infinity;
  const count = Math.min(at, scene.speech.count);
  await exchange.waitUntil(timetable.dueAt(Math.max(count - 1, 0)));
  if (exchange.over) return;
  exchange.openHead(200, {
    'content-type': 'application/json',
    'x-generation-id': identity.id,
    ...reply.headers,
  });
  const padding = '\n'.repeat(reply.comments ?? 0);
  await sendBody(exchange, padding + JSON.stringify(readCompletion(scene, count)), reply.fault);
}

/** A transport fault happens in the middle of the body, whatever its position on a stream would be. */
async function sendBody(exchange: Exchange, json: string, fault: Fault | undefined): Promise<void> {
  if (fault === undefined || fault.at === 'headers') return exchange.end(json);
  const [first, second] = [json.slice(0, json.length / 2), json.slice(json.length / 2)];
  switch (fault.kind) {
    case 'half-frame':
      return exchange.end(first);
    case 'cut':
      await exchange.write(first);
      return exchange.cut();
    case 'hang':
      await exchange.write(first);
      await exchange.waitUntil(now() + (fault.forMs ?? Infinity));
      return exchange.end(second);
    default:
      return exchange.end(json);
  }
}

/** Logs the text and returns the body: an error accompanies the text that came before it. */
function readCompletion(scene: Scene, count: number) {
  const { exchange, reply, speech, identity } = scene;
  const { entry } = exchange;
  const error = reply.fault?.kind === 'error' ? reply.fault.error : undefined;
  const text = Array.from({ length: count }, (_, n) => speech.say(n)).join('');
  entry.tokensSent = count;
  entry.textSent = text;
  entry.firstTokenAt = now();
  entry.finish = error ? 'error' : reply.fault?.kind === 'end' ? null : speech.finish;
  return {
    ...identity,
    object: 'chat.completion',
    created: Math.floor(now() / 1000),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        finish_reason: entry.finish,
        native_finish_reason: entry.finish,
        ...(error && { error }),
      },
    ],
    ...(reply.usage !== 'none' && { usage: usageOnWire(scene.bill(count), reply.reportsCost ?? true) }),
  };
}
