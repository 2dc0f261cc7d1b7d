/** How long a gateway asks to wait, in each supported form. If it asks for no wait, our own backoff applies. */
import { readRequestedWait } from '../../src/gateway/requested-wait';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
type Headers_ = Record<string, string>;
const headerIn = (headers: Headers_) => new Map(new Headers(headers));
const waitIn = (headers: Headers_) => readRequestedWait(headerIn(headers), NOW);
/** With a 429. */
const limitIn = (headers: Headers_) => readRequestedWait(headerIn(headers), NOW, { isRateLimited: true });
const date = (seconds: number) => new Date(NOW + seconds * 1000);

describe('a requested wait', () => {
  it.each<[string, Headers_, number]>([
    ['retry-after-ms', { 'retry-after-ms': '1500' }, 1500],
    ['seconds', { 'Retry-After': '2' }, 2000],
    ['parts of a second', { 'Retry-After': '0.5' }, 500],
    ['seconds with a dot behind', { 'Retry-After': '1.' }, 1000],
    ['seconds with nothing before the dot', { 'Retry-After': '.5' }, 500],
    ['a duration', { 'Retry-After': '30s' }, 30_000],
    ['a duration of minutes', { 'Retry-After': '1m30s' }, 90_000],
    ['a date', { 'Retry-After': date(90).toUTCString() }, 90_000],
    ['a date as RFC 850 writes it', { 'Retry-After': 'Sunday, 22-Nov-26 12:01:30 GMT' }, 90_000],
    ['a date as ISO 8601 writes it', { 'Retry-After': date(90).toISOString() }, 90_000],
    ['an infinite wait, capped at a year', { 'retry-after-ms': 'Infinity' }, 31_536_000_000],
    ['seconds beyond all dates', { 'Retry-After': '9'.repeat(30) }, 31_536_000_000],
    ['seconds beyond all numbers', { 'Retry-After': '9'.repeat(400) }, 31_536_000_000],
  ])('%s', (_, headers, expected) => {
    expect(waitIn(headers)).toBe(expected);
  });
});

describe('no wait', () => {
  it.each<[string, Headers_]>([
    ['zero seconds', { 'Retry-After': '0' }],
    ['zero seconds, with a fraction', { 'Retry-After': '0.0' }],
    ['seconds that are less than a millisecond', { 'Retry-After': '0.0004' }],
    ['negative seconds', { 'Retry-After': '-1' }],
    ['a negative fraction', { 'Retry-After': '-0.5' }],
    ['zero seconds, as a duration', { 'Retry-After': '0s' }],
    ['zero milliseconds, as a duration', { 'Retry-After': '0ms' }],
    ['no milliseconds', { 'retry-after-ms': '0' }],
    ['negative milliseconds', { 'retry-after-ms': '-5' }],
    ['a date that is past', { 'Retry-After': date(-90).toUTCString() }],
    ['this moment', { 'Retry-After': date(0).toUTCString() }],
    ['an ISO date that is past', { 'Retry-After': date(-90).toISOString() }],
    ['the start of the epoch', { 'Retry-After': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
    ['words', { 'Retry-After': 'later' }],
    ['words with a number', { 'Retry-After': 'in 5' }],
    ['a negative duration', { 'Retry-After': '-5s' }],
    ['two numbers', { 'Retry-After': '1, 2' }],
    ['a month', { 'Retry-After': 'Dec 2030' }],
    ['an empty value', { 'Retry-After': '' }],
    ['an empty retry-after-ms', { 'retry-after-ms': '' }],
    ['milliseconds that are no number', { 'retry-after-ms': 'NaN' }],
    ['nothing', {}],
  ])('%s', (_, headers) => {
    expect(waitIn(headers)).toBeUndefined();
    expect(limitIn(headers)).toBeUndefined();
  });
});

describe('a reset', () => {
  const seconds = (after: number) => String(NOW / 1000 + after);

  it.each<[string, Headers_, number | undefined]>([
    ['in epoch milliseconds', { 'X-RateLimit-Reset': String(NOW + 1500) }, 1500],
    ['in epoch seconds', { 'X-RateLimit-Reset': seconds(20) }, 20_000],
    ['as a date', { 'X-RateLimit-Reset': date(20).toISOString() }, 20_000],
    ['that is past', { 'X-RateLimit-Reset': String(NOW - 5) }, undefined],
    ['that is now', { 'X-RateLimit-Reset': String(NOW) }, undefined],
    ['in past seconds', { 'X-RateLimit-Reset': seconds(-20) }, undefined],
    ['in epoch nanoseconds', { 'X-RateLimit-Reset': String(BigInt(NOW + 1500) * 1_000_000n) }, 1500],
    ['in plain seconds, of all', { 'X-RateLimit-Reset': '60' }, 60_000],
    ['in parts of a second, of all', { 'X-RateLimit-Reset': '0.25' }, 250],
    ['in plain seconds, as a draft of the IETF has it', { 'RateLimit-Reset': '30' }, 30_000],
    ['in plain seconds, with another dash', { 'X-Rate-Limit-Reset': '30' }, 30_000],
    ['after seconds', { 'X-RateLimit-Reset-After': '1.5' }, 1500],
    ['that is no time', { 'X-RateLimit-Reset': 'soon' }, undefined],
    ['of the requests, as Anthropic has it', { 'anthropic-ratelimit-requests-reset': date(40).toISOString() }, 40_000],
    ['of the tokens, as Anthropic has it', { 'anthropic-ratelimit-input-tokens-reset': '2026-11-22T12:00:07Z' }, 7000],
    ['of a day, as Cerebras has it', { 'x-ratelimit-reset-requests-day': '33011.5' }, 33_011_500],
    ['in milliseconds', { 'x-ratelimit-reset-tokens': '12ms' }, 12],
    ['in an item of RateLimit', { RateLimit: '"default";r=5;t=30' }, 30_000],
    ['in the sooner item of RateLimit', { RateLimit: '"a, b";r=5;t=30, "c;t=1";r=2;t=20' }, 20_000],
    ['in RateLimit, without quotation marks', { RateLimit: 'default; r=5; t=30' }, 30_000],
    ['in RateLimit, as the draft was earlier', { RateLimit: 'limit=10, remaining=4, reset=30' }, 30_000],
    ['in RateLimit, without a time', { RateLimit: '"default";r=5' }, undefined],
    ['of a policy', { 'RateLimit-Policy': '"default";q=10;w=60' }, undefined],
    ['of the requests', { 'x-ratelimit-reset-requests': '1s' }, 1000],
    ['of the tokens', { 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    ['in parts of a second as OpenAI writes them', { 'x-ratelimit-reset-tokens': '250ms' }, 250],
    ['in hours', { 'x-ratelimit-reset-tokens': '1h2m3.5s' }, 3_723_500],
    ['in days', { 'x-ratelimit-reset-requests': '1d2h' }, 93_600_000],
    ['in plain seconds', { 'x-ratelimit-reset-requests': '12' }, 12_000],
    ['in zero seconds', { 'x-ratelimit-reset-requests': '0s' }, undefined],
    ['in negative seconds', { 'x-ratelimit-reset-requests': '-3' }, undefined],
    ['in a duration that is none', { 'x-ratelimit-reset-tokens': '6 m' }, undefined],
    ['of two, of which one is over', { 'x-ratelimit-reset-requests': '0s', 'x-ratelimit-reset-tokens': '20s' }, 20_000],
    ['of two, the sooner', { 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '20s' }, 1000],
  ])('%s', (_, headers, expected) => {
    expect(limitIn(headers)).toBe(expected);
    // with any other answer it is only information, and there is no wait
    expect(waitIn(headers)).toBeUndefined();
  });

  it('of a used up limit decides, with any answer', () => {
    const headers = {
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-tokens': '20s',
      'x-ratelimit-remaining-tokens': '0',
    };
    expect(limitIn(headers)).toBe(20_000);
    expect(waitIn(headers)).toBe(20_000);
  });

  it.each<[string, Headers_, number]>([
    [
      'Anthropic',
      {
        'anthropic-ratelimit-requests-remaining': '50',
        'anthropic-ratelimit-requests-reset': date(2).toISOString(),
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': date(50).toISOString(),
      },
      50_000,
    ],
    ['a draft of the IETF', { 'RateLimit-Remaining': '0', 'RateLimit-Reset': '30' }, 30_000],
    ['RateLimit', { RateLimit: '"minute";r=0;t=30, "day";r=100;t=3600' }, 30_000],
    ['RateLimit, as the draft was earlier', { RateLimit: 'limit=10, remaining=0, reset=30' }, 30_000],
    ['Cerebras', { 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '7.5' }, 7500],
    ['seconds of all', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }, 60_000],
  ])('of a used up limit counts with any answer: %s', (_, headers, expected) => {
    expect(limitIn(headers)).toBe(expected);
    expect(waitIn(headers)).toBe(expected);
  });

  it.each([
    ['0', true],
    [' 0 ', true],
    ['0.0', true],
    ['-1', true],
    ['1', false],
    ['4999', false],
    ['', false],
    ['none', false],
  ])('with %p remaining, used up: %p', (left, isUsedUp) => {
    const headers = { 'x-ratelimit-remaining': left, 'x-ratelimit-reset': seconds(1800) };
    expect(waitIn(headers)).toBe(isUsedUp ? 1_800_000 : undefined);
  });
});

describe('of several sources', () => {
  const reset = { 'X-RateLimit-Reset': String(NOW + 9000) };

  it('the most exact header takes precedence', () => {
    expect(limitIn({ 'retry-after-ms': '700', 'Retry-After': '1', ...reset })).toBe(700);
    expect(limitIn({ 'Retry-After': '1', ...reset })).toBe(1000);
    expect(limitIn({ 'Retry-After': 'later', ...reset })).toBe(9000);
  });

  it('a header that asks for no wait overrides the others', () => {
    expect(limitIn({ 'Retry-After': '0', ...reset })).toBeUndefined();
    expect(limitIn({ 'retry-after-ms': '0', 'Retry-After': '5' })).toBeUndefined();
  });

  it('the body takes precedence over a reset, and the other headers over the body', () => {
    const reported = { inBody: 4000, isRateLimited: true };
    expect(readRequestedWait(headerIn(reset), NOW, reported)).toBe(4000);
    expect(readRequestedWait(headerIn({ 'Retry-After': '1', ...reset }), NOW, reported)).toBe(1000);
    expect(readRequestedWait(headerIn(reset), NOW, { ...reported, inBody: 0 })).toBeUndefined();
  });
});
