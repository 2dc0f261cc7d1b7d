/**
 * Reads when a rate limit resets from all header dialects: `x-ratelimit-reset[-requests|-tokens|...]` (OpenAI, Groq, Cerebras),
 * `ratelimit-reset` and `RateLimit` (IETF drafts), `x-rate-limit-reset`, `anthropic-ratelimit-*-reset`.
 */
import { readDate, readDuration } from './durations';

/** Names in lower case. */
export type HeaderFields = ReadonlyMap<string, string>;

interface Limit {
  /** Milliseconds until it resets. */
  wait: number;
  isUsedUp: boolean;
}

/** Further headers, and longer ones, are ignored. */
const MOST_HEADERS = 200;
const LONGEST_HEADER = 1000;
const LONGEST_NAME = 100;

/**
 * Returns the milliseconds until the rate limit resets. Many gateways send these headers with each answer. They count only if a limit is
 * used up (`remaining` is 0; of several, the last to reset), or if the answer is a 429 and no limit is reported as used up (the first to
 * reset).
 */
export function readReset(headers: HeaderFields, now: number, isRateLimited: boolean): number | undefined {
  const limits = [...readPairs(headers, now), ...readRateLimit(headers.get('ratelimit') ?? '')].filter(
    ({ wait }) => wait > 0,
  );
  const usedUp = limits.filter(({ isUsedUp }) => isUsedUp).map(({ wait }) => wait);
  if (usedUp.length > 0) return Math.max(...usedUp);
  return isRateLimited && limits.length > 0 ? Math.min(...limits.map(({ wait }) => wait)) : undefined;
}

/** `x-ratelimit-reset-requests-day`, `anthropic-ratelimit-tokens-reset`, `ratelimitbysize-reset`, `x-ratelimit-reset-after`. */
const RESET = /^(?:[a-z]+-)?rate-?limit(?:bysize)?-(?:[a-z-]+-)?reset(?:-[a-z-]+)?$/;

/** Each limit has a header for its reset, and one with the same name for the remaining amount. */
function readPairs(headers: HeaderFields, now: number): Limit[] {
  const names = [...headers.keys()]
    .slice(0, MOST_HEADERS)
    .filter((name) => name.length <= LONGEST_NAME && RESET.test(name));
  return names.flatMap((name) => {
    const wait = readMoment(headers.get(name) ?? '', now);
    const remaining = headers.get(name.replace(/-reset(?:-after)?/, '-remaining'));
    return wait === undefined ? [] : [{ wait, isUsedUp: isZero(remaining) }];
  });
}

/** Thresholds for Unix time in seconds, in milliseconds, or in smaller units. No plausible wait is this long. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e12;
const SMALLER = 1e15;

/** Returns the milliseconds until a moment: Unix time, seconds from now, a duration such as `6m0s`, or a date. */
function readMoment(header: string, now: number): number | undefined {
  const text = header.slice(0, LONGEST_HEADER).trim();
  if (!text) return undefined;
  let number = Number(text);
  if (Number.isNaN(number)) return readDuration(text) ?? readDate(text, now);
  while (number >= SMALLER && Number.isFinite(number)) number /= 1000;
  if (number >= EPOCH_MILLISECONDS / 10) return number - now;
  return number >= EPOCH_SECONDS ? number * 1000 - now : number * 1000;
}

/** Reads `"minute";r=0;t=30, "day";r=100;t=3600`, or `limit=10, remaining=0, reset=30` of earlier drafts. */
function readRateLimit(header: string): Limit[] {
  const text = header.slice(0, LONGEST_HEADER).replace(/"[^"]*"/g, '');
  const items = /(?:^|[\s,;])reset\s*=/i.test(text) ? [text] : text.split(',');
  return items.flatMap((item) => {
    const [seconds, remaining] = [readParameter(item, 't|reset'), readParameter(item, 'r|remaining')];
    return seconds === undefined ? [] : [{ wait: Number(seconds) * 1000, isUsedUp: isZero(remaining) }];
  });
}

function readParameter(item: string, names: string): string | undefined {
  return new RegExp(String.raw`(?:^|[\s,;])(?:${names})\s*=\s*(\d{1,12})(?![\d.])`, 'i').exec(item)?.[1];
}

function isZero(text: string | undefined): boolean {
  return Number(text?.trim() || NaN) <= 0;
}
