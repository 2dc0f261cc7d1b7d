/** Reads what the `openai` client threw, or what a stream ended with, into one flat description that the table can match. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { z } from 'zod';
import { isUnsent, rootCause, wordFor } from './connection';
import type { Endpoint } from './endpoints/endpoint';
import { readWait } from './wait';

export interface Symptom {
  kind:
    | 'status'
    | 'no-connection'
    | 'lost-connection'
    | 'timeout'
    | 'no-first-token'
    | 'stalled'
    | 'cut'
    | 'empty'
    | 'key-missing';
  /** HTTP status, or the numeric code of an error inside a stream. */
  status: number | undefined;
  /** The gateway's own word for the error (`error_type`, or a textual `code`); empty when it gave none. */
  type: string;
  limitSource: string | undefined;
  inFlightBudget: boolean;
  /** The gateway says itself that another try may help. */
  retryable: boolean;
  /** A quota of the whole day is used up. */
  perDay: boolean;
  waitMs: number | undefined;
  /** One sentence for people, in the gateway's words. */
  message: string;
}

const NONE = {
  status: undefined,
  type: '',
  limitSource: undefined,
  inFlightBudget: false,
  retryable: false,
  perDay: false,
  waitMs: undefined,
};

const text = z.string().optional().catch(undefined);
const number = z
  .union([z.number(), z.string().regex(/^\d/).pipe(z.coerce.number())])
  .optional()
  .catch(undefined);

/** The error bodies that were seen in the wild; each field may be missing, and anything else is ignored. */
const errorObject = z.looseObject({
  code: z.union([z.number(), z.string()]).nullish().catch(undefined),
  type: text,
  error_type: text,
  http_status: number,
  message: text,
  status: text,
  'html-message': text,
  availability: z
    .looseObject({ code: text, retryable: z.boolean().optional().catch(undefined), retry_after: number })
    .optional()
    .catch(undefined),
  metadata: z
    .looseObject({
      error_type: text,
      raw: text,
      reasons: z.array(z.string()).optional().catch(undefined),
      limit_source: text,
      headers: z.record(z.string(), z.coerce.string()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
/** Some servers send only a sentence. */
const errorBody = z.union([errorObject, z.string().transform((message): ErrorBody => ({ message }))]);
type ErrorBody = z.infer<typeof errorObject>;

/** A failure that we noticed ourselves. */
export function symptomOf(kind: Symptom['kind'], message: string): Symptom {
  return { ...NONE, kind, message };
}

/** Describes whatever the client threw. */
export function readSymptom(error: unknown, endpoint: Endpoint, now = Date.now()): Symptom {
  const symptom = readThrown(error, endpoint, now);
  // even the client may quote a key: one that makes no valid header stands in its error
  return { ...symptom, message: withoutKeys(symptom.message, endpoint) };
}

function readThrown(error: unknown, endpoint: Endpoint, now: number): Symptom {
  if (error instanceof APIConnectionTimeoutError)
    return symptomOf('timeout', `${endpoint.label} did not answer in time.`);
  if (error instanceof APIConnectionError) {
    const cause = rootCause(error);
    return symptomOf(
      isUnsent(cause) ? 'no-connection' : 'lost-connection',
      `${endpoint.label} cannot be reached at ${endpoint.baseUrl} (${wordFor(cause)}).`,
    );
  }
  if (error instanceof APIError) return readApiError(error, endpoint, now);
  return symptomOf('cut', `The stream from ${endpoint.label} broke off (${wordFor(rootCause(error))}).`);
}

/** Describes an `error` object that came with status 200. */
export function readErrorBody(error: unknown, endpoint: Endpoint, now = Date.now()): Symptom {
  return describe(errorBody.safeParse(error).data ?? {}, undefined, undefined, endpoint, now);
}

function readApiError(error: APIError, endpoint: Endpoint, now: number): Symptom {
  const body = errorBody.safeParse(error.error ?? { message: error.message }).data ?? {};
  return describe(body, error.status, error.headers, endpoint, now);
}

function describe(
  body: ErrorBody,
  status: number | undefined,
  headers: Headers | undefined,
  endpoint: Endpoint,
  now: number,
): Symptom {
  const found = status ?? statusOf(body);
  const said = sentenceOf(body, endpoint);
  const limitSource = body.metadata?.limit_source;
  return {
    kind: 'status',
    status: found,
    type: typeOf(body),
    limitSource,
    inFlightBudget: limitSource === 'openrouter_in_flight_budget',
    retryable: body.availability?.retryable === true,
    perDay: /per-day|per_day/.test(`${said} ${limitSource ?? ''}`),
    waitMs: readWait((name) => headers?.get(name) ?? headerOf(body, name), now, availabilityWait(body)),
    message: `${endpoint.label} answered ${found ?? 'with an error'}${said ? `: ${said}` : ''}`.replace(/\.?$/, '.'),
  };
}

/** Some gateways quote the key that they refuse. */
function withoutKeys(message: string, { apiKey, secrets }: Endpoint): string {
  const longestFirst = [apiKey ?? [], ...secrets].flat().sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, key) => text.replaceAll(key, '[key]'), message);
}

/** An error inside a stream has no status; its code may stand for one. */
function statusOf({ code, http_status }: ErrorBody): number | undefined {
  if (typeof code === 'number') return code;
  if (/^[45]\d\d$/.test(code ?? '')) return Number(code);
  return http_status ?? (code === 'server_error' ? 502 : undefined);
}

function typeOf({ code, type, error_type, metadata, availability }: ErrorBody): string {
  const textualCode = typeof code === 'string' ? code : undefined;
  return metadata?.error_type ?? error_type ?? availability?.code ?? textualCode ?? type ?? '';
}

function availabilityWait({ availability }: ErrorBody): number | undefined {
  return availability?.retry_after === undefined ? undefined : availability.retry_after * 1000;
}

function headerOf(body: ErrorBody, name: string): string | undefined {
  const entries = Object.entries(body.metadata?.headers ?? {});
  return entries.find(([key]) => key.toLowerCase() === name)?.[1];
}

const SENTENCE_LIMIT = 300;

function sentenceOf(body: ErrorBody, endpoint: Endpoint): string {
  const raw = body.message ?? body['html-message'] ?? '';
  const reasons = body.metadata?.reasons ? ` (${body.metadata.reasons.join(', ')})` : '';
  const plain = raw
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  // before it is cut: a half of a key would not be found any more
  return withoutKeys(plain, endpoint).slice(0, SENTENCE_LIMIT) + withoutKeys(reasons, endpoint);
}
