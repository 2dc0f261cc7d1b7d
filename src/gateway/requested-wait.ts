/** How long a gateway asks us to wait, in all formats in use. */
import { readDate, readDuration } from './durations';
import { readReset, type HeaderFields } from './rate-limit-headers';

/** Longer waits are capped at a year: the end of some requested waits could not be expressed as a date. */
const LONGEST_MS = 365 * 24 * 3_600_000;

/** What else is known about the answer that asks for a wait. */
export interface WaitContext {
  /** The wait named in the body, milliseconds. */
  inBody?: number | undefined;
  /** The answer is a 429: some limit is used up. */
  isRateLimited?: boolean;
}

/**
 * Returns the milliseconds from `retry-after-ms`, `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), the body, or the rate limit's
 * reset, whichever comes first in this order. Undefined if none is given, or if the first one is not a positive wait: then our own backoff
 * applies.
 */
export function readRequestedWait(headers: HeaderFields, now: number, context: WaitContext = {}): number | undefined {
  const wait =
    readMilliseconds(headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms')) ??
    readRetryAfter(headers.get('retry-after'), now) ??
    context.inBody ??
    readReset(headers, now, context.isRateLimited === true);
  return wait === undefined || !(wait >= 1) ? undefined : Math.min(wait, LONGEST_MS);
}

function readMilliseconds(text: string | undefined): number | undefined {
  const milliseconds = Number(text?.trim() || NaN);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

const SIGNED_NUMBER = /^[+-]?[\d.]+$/;

function readRetryAfter(after: string | undefined, now: number): number | undefined {
  const text = after?.trim();
  if (!text) return undefined;
  if (!SIGNED_NUMBER.test(text)) return readDuration(text) ?? readDate(text, now);
  return Number.isNaN(Number(text)) ? undefined : Number(text) * 1000;
}
