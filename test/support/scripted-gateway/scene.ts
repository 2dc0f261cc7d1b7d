// Shared state of the players of a reply: the exchange, the tokens, the timing, and the final bill.
import { billFor, type Bill, type Price } from './bill';
import { now } from './clock';
import type { Exchange } from './exchange';
import type { Identity } from './frames';
import type { Reply } from './reply';
import { askedModel, estimatePromptTokens, type ChatBody } from './request';
import { prepareSpeech, type Speech } from './speech';

interface Timetable {
  /** When the nth token of this call is due. */
  dueAt(n: number): number;
  /** How many tokens are due by now. */
  dueCount(): number;
  /** Delays everything that is still to come. */
  postpone(ms: number): void;
}

export interface Scene {
  readonly exchange: Exchange;
  readonly reply: Reply;
  readonly body: ChatBody;
  readonly speech: Speech;
  readonly identity: Identity;
  readonly timetable: Timetable;
  /** Returns the bill if the call ended now after `generated` tokens. */
  bill(generated: number): Bill;
}

/** Prepares one request and ensures that its bill is logged however it ends. */
export function setScene(exchange: Exchange, reply: Reply, body: ChatBody, price: Price): Scene {
  const { entry } = exchange;
  const speech = prepareSpeech(reply, body);
  if (speech.prefill) entry.prefill = speech.prefill;
  entry.id = reply.id ?? entry.id;
  const promptTokens = estimatePromptTokens(body);
  const stopsOnClose = reply.stopsOnClose ?? body.stream === true;
  const bill = (generated: number, finish = entry.finish) => billFor(reply, price, { promptTokens, generated, finish });
  exchange.settle = () => {
    const goesOn = entry.endedBy === 'client-closed' && !stopsOnClose;
    Object.assign(entry, goesOn ? bill(speech.count, speech.finish) : bill(entry.tokensSent));
  };
  return {
    exchange,
    reply,
    body,
    speech,
    identity: { id: entry.id, model: reply.model ?? askedModel(body), provider: reply.provider ?? 'Simulated' },
    timetable: createTimetable(reply, entry.at),
    bill,
  };
}

function createTimetable({ firstTokenMs = 0, headersMs = 0, intervalMs = 0 }: Reply, arrivedAt: number): Timetable {
  let firstDue = arrivedAt + Math.max(firstTokenMs, headersMs);
  return {
    dueAt: (n) => firstDue + n * intervalMs,
    dueCount: () => (intervalMs === 0 ? Infinity : Math.floor((now() - firstDue) / intervalMs) + 1),
    postpone(ms) {
      firstDue += ms;
    },
  };
}

/** Waits in silence, or with periodic comments if the script keeps the connection alive. */
export async function idleUntil(scene: Scene, moment: number, keepAlive: () => Promise<void>): Promise<void> {
  const { exchange, reply } = scene;
  const every = reply.keepAliveMs ?? Infinity;
  let beat = now() + every;
  while (!exchange.over && beat < moment) {
    await exchange.waitUntil(beat);
    await keepAlive();
    beat += every;
  }
  await exchange.waitUntil(moment);
}
