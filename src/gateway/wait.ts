/** How long a gateway asks us to wait: each of them says it in its own way. */

type Header = (name: string) => string | null | undefined;

/** Whatever a gateway says, it is not believed beyond a year: no date could tell the end of some waits. */
const LONGEST_MS = 365 * 24 * 3_600_000;

/**
 * Milliseconds from `retry-after-ms`, `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), what the body says, or when the
 * rate limit begins anew: `X-RateLimit-Reset` is Unix time, in milliseconds at OpenRouter and in seconds elsewhere;
 * `x-ratelimit-reset-requests` and `-tokens`, as OpenAI has them, are durations such as `6m0s`. Undefined when it says nothing.
 */
export function readWait(header: Header, now: number, waitInBody?: number): number | undefined {
  const wait = readLongWait(header, now, waitInBody);
  return wait === undefined ? undefined : Math.min(wait, LONGEST_MS);
}

function readLongWait(header: Header, now: number, waitInBody: number | undefined): number | undefined {
  const milliseconds = Number(header('retry-after-ms') || NaN);
  if (milliseconds >= 0) return milliseconds;
  return readRetryAfter(header('retry-after'), now) ?? waitInBody ?? readReset(header, now);
}

function readRetryAfter(after: string | null | undefined, now: number): number | undefined {
  if (!after) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

function readReset(header: Header, now: number): number | undefined {
  const reset = Number(header('x-ratelimit-reset') ?? NaN);
  if (reset > 1e12) return Math.max(0, reset - now);
  if (reset > 1e9) return Math.max(0, reset * 1000 - now);
  const resets = ['requests', 'tokens'].flatMap((what) => {
    const wait = readDuration(header(`x-ratelimit-reset-${what}`) ?? '');
    return wait === undefined ? [] : [{ wait, used: header(`x-ratelimit-remaining-${what}`) === '0' }];
  });
  // the limit that is used up decides; where none is said to be, the one that begins anew first
  const used = resets.filter((reset) => reset.used).map(({ wait }) => wait);
  if (used.length > 0) return Math.max(...used);
  return resets.length > 0 ? Math.min(...resets.map(({ wait }) => wait)) : undefined;
}

const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration as Go writes it: `1s`, `6m0s`, `250ms`. */
function readDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}
