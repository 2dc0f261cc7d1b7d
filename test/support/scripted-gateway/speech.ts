// Converts the scripted tokens to those of one call: all of them, or only those that an assistant prefill does not contain yet.
import { now } from './clock';
import { DEFAULT_TOKENS, type Reply, type Tokens } from './reply';
import { readPrefill, findContinuedText, type ChatBody } from './request';

/** `continued` sent the rest, `mismatch` found other text and started again, `ignored` was told not to look. */
export type PrefillOutcome = 'continued' | 'mismatch' | 'ignored';

export interface Speech {
  /** Number of tokens to send in this call. */
  readonly count: number;
  /** Returns the nth of them; a stamped one contains the time of this call. */
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

/** Prepares the tokens for this request. */
export function prepareSpeech(reply: Reply, body: ChatBody): Speech {
  const script = readScript(reply.tokens ?? DEFAULT_TOKENS);
  const prefill = readPrefill(body) ?? findContinuedText(body);
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

function readScript(tokens: Tokens | readonly string[]): Script {
  if ('count' in tokens) {
    const { count, prefix = '#', stamped = false } = tokens;
    return { count, stamped, token: (n, stamp) => (stamped ? `${prefix}${n}@${stamp} ` : `${prefix}${n} `) };
  }
  const pieces = 'text' in tokens ? splitText(tokens.text) : tokens;
  return { count: pieces.length, stamped: false, token: (n) => pieces[n] ?? '' };
}

/** Splits into pseudo-tokens of at most five characters with the white space before them; joined, they equal the text. */
function splitText(text: string): string[] {
  return text.match(/\s*\S{1,5}|\s+/gu) ?? [];
}

/** Finds the token, and the position in it, where the prefill ends. */
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

/** Sets all stamps to zero before a prefill is compared, including a partial one at its end: stamps differ from call to call. */
function eraseStamps(text: string): string {
  return text
    .replace(/@\d{13}\.\d{3} /g, `@${STAMP_OF_ZERO} `)
    .replace(/@(\d{1,13}(?:\.\d{0,3})?)$/, (_, stamp: string) => `@${STAMP_OF_ZERO.slice(0, stamp.length)}`);
}
