// Turns the scripted tokens into what is said in one call: all of it, or only what an assistant prefill does not hold yet.
import { now } from './clock';
import { DEFAULT_TOKENS, type Reply, type Tokens } from './reply';
import { prefillOf, toldToGoOnFrom, type ChatBody } from './request';

/** `continued` said the rest, `mismatch` found other text and began again, `ignored` was told not to look. */
export type PrefillOutcome = 'continued' | 'mismatch' | 'ignored';

export interface Speech {
  /** Tokens to say in this call. */
  readonly count: number;
  /** The nth of them; a stamped one carries the moment of this call. */
  say(n: number): string;
  readonly finish: string | null;
  readonly prefill?: PrefillOutcome;
}

const STAMP_OF_ZERO = '0000000000000.000';

interface Script {
  count: number;
  stamped: boolean;
  token(index: number, stamp: string): string;
}

/** Works out what this request will hear. */
export function prepareSpeech(reply: Reply, body: ChatBody): Speech {
  const script = scriptOf(reply.tokens ?? DEFAULT_TOKENS);
  const prefill = prefillOf(body) ?? toldToGoOnFrom(body);
  const start = prefill === undefined ? undefined : findStart(script, prefill, reply.continuesPrefill ?? true);
  const { index, skip } = start ?? { index: 0, skip: 0 };
  const limit = reply.honoursMaxTokens ? tokenLimit(body) : Infinity;
  const left = script.count - index;
  return {
    count: Math.min(left, limit),
    say: (n) => script.token(index + n, script.stamped ? now().toFixed(3) : '').slice(n === 0 ? skip : 0),
    finish: left > limit ? 'length' : scriptedFinish(reply),
    ...(start && { prefill: start.outcome }),
  };
}

function scriptedFinish({ finish = 'stop' }: Reply): string | null {
  return finish;
}

function tokenLimit({ max_completion_tokens, max_tokens }: ChatBody): number {
  return max_completion_tokens ?? max_tokens ?? Infinity;
}

function scriptOf(tokens: Tokens | readonly string[]): Script {
  if ('count' in tokens) {
    const { count, prefix = '#', stamped = false } = tokens;
    return { count, stamped, token: (n, stamp) => (stamped ? `${prefix}${n}@${stamp} ` : `${prefix}${n} `) };
  }
  const pieces = 'text' in tokens ? splitText(tokens.text) : tokens;
  return { count: pieces.length, stamped: false, token: (n) => pieces[n] ?? '' };
}

/** Pseudo-tokens of at most five characters with the white space before them; joined, they are the text again. */
function splitText(text: string): string[] {
  return text.match(/\s*\S{1,5}|\s+/gu) ?? [];
}

/** Finds the token, and the place in it, where the prefill ends. */
function findStart(script: Script, prefill: string, continues: boolean) {
  if (!continues) return { index: 0, skip: 0, outcome: 'ignored' } as const;
  const known = script.stamped ? eraseStamps(prefill) : prefill;
  let place = 0;
  for (let index = 0; index < script.count; index++) {
    const token = script.token(index, STAMP_OF_ZERO);
    const rest = known.length - place;
    if (rest < token.length) {
      return token.startsWith(known.slice(place)) ? ({ index, skip: rest, outcome: 'continued' } as const) : mismatch;
    }
    if (!known.startsWith(token, place)) return mismatch;
    place += token.length;
  }
  return place === known.length ? ({ index: script.count, skip: 0, outcome: 'continued' } as const) : mismatch;
}

const mismatch = { index: 0, skip: 0, outcome: 'mismatch' } as const;

/** Stamps differ from call to call; a prefill is compared with all of them, also a half one at its end, set to zero. */
function eraseStamps(text: string): string {
  return text
    .replace(/@\d{13}\.\d{3} /g, `@${STAMP_OF_ZERO} `)
    .replace(/@(\d{1,13}(?:\.\d{0,3})?)$/, (_, stamp: string) => `@${STAMP_OF_ZERO.slice(0, stamp.length)}`);
}
