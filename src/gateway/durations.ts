/** Parses texts that denote a duration or a point in time. */

/** `Date.parse` accepts nearly any text: only accept one with a time of day, and a weekday or a time zone. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/;
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/i;

/** Returns the milliseconds until the date. */
export function readDate(text: string, now: number): number | undefined {
  if (!HTTP_DATE.test(text) && !ISO_DATE.test(text)) return undefined;
  const wait = Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : wait;
}

const UNITS: Record<string, number> = {
  ...{ d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 },
  ...{ us: 1e-3, µs: 1e-3, ns: 1e-6 },
};

/** Returns the milliseconds of a duration in Go or protobuf notation: `1s`, `6m0s`, `250ms`. */
export function readDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(d|h|ms|us|µs|ns|m|s)/y;
  let sum = 0;
  while (part.lastIndex < text.length) {
    const [, count, unit = ''] = part.exec(text) ?? [];
    if (count === undefined) return undefined;
    sum += Number(count) * (UNITS[unit] ?? 0);
  }
  return text === '' ? undefined : sum;
}
