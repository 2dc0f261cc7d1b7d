// Plays one reply on one request: the part before the headers is the same for all kinds.
import type { Price } from './bill';
import { now } from './clock';
import type { Exchange } from './exchange';
import { playRefusal } from './play-refusal';
import { playStream } from './play-stream';
import { playWhole } from './play-whole';
import { isPlain, type Reply } from './reply';
import type { ChatBody } from './request';
import { setScene, type Scene } from './scene';

/** Resolves when the reply has been played or its request is over. */
export async function play(exchange: Exchange, reply: Reply, body: ChatBody, price: Price): Promise<void> {
  const scene = isPlain(reply) ? undefined : setScene(exchange, reply, body, price);
  await beforeHeaders(exchange, reply, scene);
  if (exchange.over) return;
  if (!scene) return playRefusal(exchange, reply);
  return body.stream ? playStream(scene) : playWhole(scene);
}

async function beforeHeaders(exchange: Exchange, { fault, headersMs = 0 }: Reply, scene?: Scene): Promise<void> {
  await exchange.waitUntil(exchange.entry.at + headersMs);
  if (fault?.at !== 'headers') return;
  if (fault.kind === 'cut') return exchange.cut();
  if (fault.kind !== 'hang') return;
  const { forMs = Infinity } = fault;
  await exchange.waitUntil(now() + forMs);
  scene?.timetable.postpone(forMs);
}
