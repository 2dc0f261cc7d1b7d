/**
 * The scripted gateway in a separate process, so that nothing else delays its tokens: node gateway-process.ts <seed>. It chooses its answer
 * by the marker in a prompt. Prints {"url"}; exits when its standard input closes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createBooks, type Books, type GatewayRequest } from '../support/scripted-gateway/books';
import { now } from '../support/scripted-gateway/clock';
import { listen } from '../support/scripted-gateway/listen';
import { createReception } from '../support/scripted-gateway/reception';
import { readText, type ChatBody } from '../support/scripted-gateway/request';
import { createScripts, type Scripts } from '../support/scripted-gateway/scripts';
import type { Reply } from '../support/scripted-gateway/reply';
import { planAction, type PlannedAction } from './action';
import { CLASSES, type ClassName } from './classes';
import { speakAtOnce, speakSteadily, writeFairAnswer } from './fair-answers';
import { findMarker, writeMarker, type Marker } from './marker';
import { readPrompt, type Asked, type Prompt } from './prompt';

/** One call of an innocent run, with the time at which each part of its text was written. */
export interface RecordedCall extends Pick<GatewayRequest, 'at' | 'status' | 'textSent' | 'endedBy' | 'body'> {
  /** The length of the text up to and including this write, and its time. */
  writes: [length: number, at: number][];
}

const PRUNE_MS = 1000;

const PLANS_KEPT = 40;

/** An action is needed at each call of its run; creating some takes milliseconds, in which no token could be written. */
function createPlanner(seed: number) {
  const known = new Map<string, PlannedAction['action']>();
  return ({ kind, number }: Marker): PlannedAction['action'] | undefined => {
    const id = `${kind}:${number}`;
    const action = known.get(id) ?? (kind in CLASSES ? planClass(kind as ClassName) : undefined);
    if (action) known.delete(id);
    if (action) known.set(id, action);
    if (known.size > PLANS_KEPT) known.delete(known.keys().next().value!);
    return action;

    function planClass(className: ClassName) {
      return planAction(seed, className, CLASSES[className].kinds, number).action;
    }
  };
}

function createAnswers(seed: number): (body: ChatBody) => Reply {
  const plan = createPlanner(seed);
  const counts = new Map<string, number>();
  const countCalls = (marker: Marker) => {
    const key = writeMarker(marker);
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    return before;
  };
  return (body) => {
    const prompt = readPrompt(body, countCalls);
    if (!prompt) return {};
    if (prompt.marker.side === 'innocent') return speakSteadily(writeFairAnswer(prompt));
    const action = plan(prompt.marker);
    const awkward = action && 'answer' in action ? action.answer?.(prompt) : undefined;
    return awkward ? withMarker(awkward, prompt) : speakAtOnce(writeFairAnswer(prompt));
  };
}

/** Prompts about these texts contain nothing else of the run. */
const ASKED_ABOUT: readonly Asked[] = ['critique', 'review', 'summary', 'verdict summary'];

function withMarker(reply: Reply, { asked, marker }: Prompt): Reply {
  const { tokens } = reply;
  if (!Array.isArray(tokens) || !ASKED_ABOUT.includes(asked)) return reply;
  return { ...reply, tokens: [...tokens, `\n(${writeMarker(marker)})`] };
}

/** Records when the texts of innocent calls are written, and forgets finished hostile calls: an hour of them would fill the memory. */
function createRecorder(books: Books) {
  const writes = new Map<GatewayRequest, [number, number][]>();
  const markers = new WeakMap<GatewayRequest, { text: string | undefined }>();
  const readMarker = (entry: GatewayRequest): string | undefined => {
    if (entry.body === undefined) return undefined;
    const known = markers.get(entry);
    if (known) return known.text;
    const messages = (entry.body as Partial<ChatBody>).messages ?? [];
    const marker = findMarker(messages.map(({ content }) => readText(content)).join('\n'));
    const text = marker?.side === 'innocent' ? writeMarker(marker) : undefined;
    markers.set(entry, { text });
    return text;
  };
  const record = () => {
    for (const entry of books.requests) {
      if (entry.textSent === '' || readMarker(entry) === undefined) continue;
      const written = writes.get(entry) ?? [];
      if (written.length === 0) writes.set(entry, written);
      if ((written.at(-1)?.[0] ?? 0) < entry.textSent.length) written.push([entry.textSent.length, now()]);
    }
  };
  const keep = (isKept: (entry: GatewayRequest) => boolean) => {
    const kept = books.requests.filter(isKept);
    books.requests.splice(0, books.requests.length, ...kept);
  };
  books.onChange(record);
  setInterval(() => keep((entry) => !entry.endedBy || readMarker(entry) !== undefined), PRUNE_MS).unref();
  return {
    /** Returns the calls of a run and forgets them. */
    take(marker: string): RecordedCall[] {
      const taken = books.requests.filter((entry) => readMarker(entry) === marker);
      keep((entry) => !taken.includes(entry));
      return taken.map((entry) => {
        const { at, status, textSent, endedBy, body } = entry;
        const written = writes.get(entry) ?? [];
        writes.delete(entry);
        return { at, status, textSent, ...(endedBy ? { endedBy } : {}), body, writes: written };
      });
    },
  };
}

async function main(): Promise<void> {
  const books = createBooks();
  const answer = createAnswers(Number(process.argv.at(-1)));
  const scripts: Scripts = { ...createScripts(), next: answer };
  const options = { requireKey: undefined, models: {}, generationDelayMs: 0 };
  const reception = createReception({ books, scripts, paths: new Map(), options });
  const recorder = createRecorder(books);
  const receive = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://gateway');
    if (url.pathname !== '/__take') return reception.receive(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(recorder.take(url.searchParams.get('marker') ?? '')));
  };
  const server = await listen(receive, 0, '127.0.0.1');
  process.stdin.once('close', () => process.exit(0)).resume();
  console.log(JSON.stringify({ url: `${server.url}/v1` }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
