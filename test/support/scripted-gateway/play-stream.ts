// Plays a completion as a stream of server-sent events, token by token with the scripted timing and faults.
import { usageOnWire } from './bill';
import { now } from './clock';
import { createFrames, type Frames } from './frames';
import type { Fault, Point } from './reply';
import { idleUntil, type Scene } from './scene';

// Tokens per turn of the event loop: enough to fill a segment or two, few enough not to delay other streams.
const TOKENS_PER_TURN = 32;

type Stage = Scene & { readonly frames: Frames; readonly write: (text: string) => Promise<void> };

export async function playStream(scene: Scene): Promise<void> {
  const { exchange, reply, identity } = scene;
  exchange.openHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-generation-id': identity.id,
    ...reply.headers,
  });
  const write = (text: string) => (reply.splitUtf8 ? exchange.writeSplit(text) : exchange.write(text));
  const stage: Stage = { ...scene, frames: createFrames(identity, reply.newline), write };
  if (reply.comments) await write(stage.frames.comment().repeat(reply.comments));
  const goesOn = (await speak(stage)) && (await close(stage));
  if (goesOn) exchange.end();
}

/** Sends the tokens and, between them, what the script inserts; returns false if that ended the reply. */
async function speak(stage: Stage): Promise<boolean> {
  for (const { after, act } of listStops(stage)) {
    await sayUntil(stage, Math.min(after, stage.speech.count));
    if (stage.exchange.over || !(await act())) return false;
  }
  await sayUntil(stage, stage.speech.count);
  return !stage.exchange.over;
}

/** The positions between tokens where something else happens, in order; a fault comes after raw text at the same position. */
function listStops(stage: Stage) {
  const { raw = [], fault } = stage.reply;
  const stops = raw.map(({ after, text }) => ({ after, act: () => stage.write(text).then(() => true) }));
  if (fault && typeof fault.at === 'number') {
    const after = Math.min(fault.at, stage.speech.count);
    stops.push({ after, act: () => idle(stage, stage.timetable.dueAt(after)).then(() => suffer(stage, fault)) });
  }
  return stops.sort((a, b) => a.after - b.after);
}

/** Sends tokens up to `target`: all that are due go out in one write, as after a network pause. */
async function sayUntil(stage: Stage, target: number): Promise<void> {
  const { exchange, speech, frames, timetable } = stage;
  const { entry } = exchange;
  while (entry.tokensSent < target && !exchange.over) {
    await idle(stage, timetable.dueAt(entry.tokensSent));
    const from = entry.tokensSent;
    const until = Math.min(target, Math.max(timetable.dueCount(), from + 1), from + TOKENS_PER_TURN);
    let [spoken, written] = ['', ''];
    for (let n = from; n < until; n++) {
      const text = speech.say(n);
      spoken += text;
      written += frames.token(text, n === 0);
    }
    if (exchange.over) return;
    entry.firstTokenAt ??= now();
    entry.tokensSent = until;
    entry.textSent += spoken;
    await stage.write(written);
    exchange.books.changed();
    if (until - from === TOKENS_PER_TURN) await exchange.breathe();
  }
}

/** Sends what follows the last token; returns false if a fault ended the reply. */
async function close(stage: Stage): Promise<boolean> {
  const { exchange, reply, speech, frames } = stage;
  const { finish } = speech;
  exchange.entry.finish = finish;
  if (finish !== null) await stage.write(frames.finish(finish));
  if (!(await reach(stage, 'finish'))) return false;
  const shape = usageShape(stage);
  if (shape) {
    const usage = usageOnWire(stage.bill(exchange.entry.tokensSent), reply.reportsCost ?? true);
    await stage.write(frames.usage(usage, shape));
  }
  if (!(await reach(stage, 'usage'))) return false;
  if (reply.done ?? finish !== null) await stage.write(frames.done());
  return reach(stage, 'done');
}

function usageShape({ reply, body, speech }: Stage): 'empty-choices' | 'empty-delta' | undefined {
  const asked = reply.usage ?? (speech.finish === null ? 'none' : 'empty-choices');
  if (asked === 'if-asked') return body.stream_options?.include_usage ? 'empty-choices' : undefined;
  return asked === 'none' ? undefined : asked;
}

/** Triggers the fault if this is its position; returns false if it ended the reply. */
async function reach(stage: Stage, point: Point): Promise<boolean> {
  const { fault } = stage.reply;
  return fault?.at === point ? suffer(stage, fault) : !stage.exchange.over;
}

async function suffer(stage: Stage, fault: Fault): Promise<boolean> {
  const { exchange, speech, frames, reply } = stage;
  if (fault.kind === 'hang') {
    const { forMs = Infinity } = fault;
    await idle(stage, now() + forMs);
    stage.timetable.postpone(forMs);
    return !exchange.over;
  }
  if (fault.kind === 'cut') await exchange.cut();
  if (fault.kind === 'end') exchange.end();
  if (fault.kind === 'half-frame') {
    const frame = frames.token(speech.say(exchange.entry.tokensSent), false);
    exchange.end(frame.slice(0, frame.length / 2));
  }
  if (fault.kind === 'error') {
    exchange.entry.finish = 'error';
    await stage.write(frames.error(fault));
    if (reply.done ?? fault.as === 'field') await stage.write(frames.done());
    exchange.end();
  }
  return false;
}

function idle(stage: Stage, moment: number): Promise<void> {
  return idleUntil(stage, moment, () => stage.write(stage.frames.comment()));
}
