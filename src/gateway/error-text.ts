/** Finds messages and waits in an error body, wherever they are: gateways, the vendors behind them and proxies all use different shapes. */
import { readDuration } from './durations';

/** Maximum depth of the search through a body, and maximum number of values read. */
const DEEPEST = 6;
const MOST_VALUES = 200;
/** Maximum number of errors reported from a list. */
const MOST_ERRORS = 3;
/** A longer text is not parsed as JSON. UTF-16 units. */
const LONGEST_JSON = 20_000;

/** Fields that contain the message, most specific first. */
const SENTENCES = [
  ...['message', 'msg', 'detail', 'error_description', 'error_message', 'errorMessage', 'Message', 'html-message'],
  ...['faultstring', 'description', 'reason', 'title', 'error', 'errors', 'fault', 'details'],
];

/** Returns the object that describes the error: unwraps lists and the surrounding `error`. */
export function unwrapError(body: unknown, depth = 0): unknown {
  if (depth >= DEEPEST) return body;
  if (Array.isArray(body)) return body.length > 0 ? unwrapError(body[0], depth + 1) : body;
  const inner = body instanceof Object && 'error' in body ? body.error : undefined;
  return inner instanceof Object ? unwrapError(inner, depth + 1) : body;
}

/** Returns the message of a body: a text, an object with one, or a list of them. Empty if there is none. */
export function findSentence(body: unknown, depth = 0): string {
  if (typeof body === 'string') return sentenceIn(body, depth);
  if (!(body instanceof Object) || depth >= DEEPEST) return '';
  if (Array.isArray(body)) {
    const sentences = body.slice(0, MOST_ERRORS).map((item) => findSentence(item, depth + 1));
    return sentences.filter(Boolean).join('; ');
  }
  const fields = body as Record<string, unknown>;
  for (const name of SENTENCES) {
    const sentence = Object.hasOwn(fields, name) ? findSentence(fields[name], depth + 1) : '';
    if (sentence) return writePlace(fields) + sentence;
  }
  return '';
}

/** Some gateways quote the JSON of the upstream vendor as text. */
function sentenceIn(text: string, depth: number): string {
  const inner = depth < DEEPEST ? parseJson(text) : undefined;
  return (inner === undefined ? '' : findSentence(inner, depth + 1)) || text;
}

/** Returns the request field that a validator's message refers to, as a prefix. */
function writePlace({ loc }: Record<string, unknown>): string {
  const isPath = Array.isArray(loc) && loc.every((part) => ['string', 'number'].includes(typeof part));
  return isPath && loc.length > 0 ? `${loc.slice(0, DEEPEST).join('.')}: ` : '';
}

const DELAYS: Record<string, number> = {
  ...{ retryDelay: 1000, retry_delay: 1000, retry_after: 1000, retry_after_seconds: 1000, retry_after_ms: 1 },
};

/** Returns how long a body asks to wait, milliseconds: Google's RetryInfo, or a `retry_after`, at any depth. */
export function findRetryDelay(body: unknown): number | undefined {
  for (const [name, value] of walk(body)) {
    const unit = DELAYS[name];
    const delay = unit === undefined ? undefined : readDelay(value, unit);
    if (delay !== undefined) return delay;
  }
  return undefined;
}

/** Returns the names of the exhausted quotas in a body, in the format of Google's QuotaFailure. */
export function findQuotas(body: unknown): string {
  const names = [...walk(body)].filter(([name]) =>
    ['quotaId', 'quota_id', 'quotaMetric', 'quota_metric'].includes(name),
  );
  return names.map(([, value]) => String(value)).join(' ');
}

/** Reads a duration, a number, or protobuf's object form. */
function readDelay(value: unknown, unit: number): number | undefined {
  if (typeof value === 'number') return finite(value * unit);
  if (typeof value === 'string') return readDuration(value) ?? finite(Number(value.trim() || NaN) * unit);
  if (!(value instanceof Object) || !('seconds' in value || 'nanos' in value)) return undefined;
  const { seconds, nanos } = value as { seconds?: unknown; nanos?: unknown };
  return finite(Number(seconds ?? 0) * 1000 + Number(nanos ?? 0) / 1e6);
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Yields the fields of a body breadth-first at any depth, including fields inside texts that are JSON. */
function* walk(body: unknown): Generator<[string, unknown]> {
  let level: unknown[] = [body];
  let seen = 0;
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      const object = typeof value === 'string' ? parseJson(value) : value;
      if (!(object instanceof Object)) continue;
      for (const field of Object.entries(object)) {
        if (++seen > MOST_VALUES) return;
        yield field;
        next.push(field[1]);
      }
    }
    level = next;
  }
}

function parseJson(text: string): unknown {
  const first = text.trimStart()[0];
  if ((first !== '{' && first !== '[') || text.length > LONGEST_JSON) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Recognises keys by their format: a gateway may quote a key that is not in our settings. */
const KEYS = /\b(?:sk|pk|rk|gsk|hf|xai|or)[-_][\w-]{16,}|\bAIza[\w-]{30,}|\bBearer [\w.~+/=-]{8,}/g;

/** Replaces everything that looks like a key. */
export function withoutForeignKeys(text: string): string {
  return text.replace(KEYS, '[key]');
}
