/**
 * Handles request fields that a model rejects: the call is repeated without the field, with its other name, or with a lower limit, and the
 * rule is remembered for the model. Which fields a model accepts is not known in advance, and changes.
 */
import { createHash } from 'node:crypto';
import type { FieldRule } from '../contract/field-rules';
import type { Complaint } from './complaint';
import type { Endpoint } from './adapters/endpoint';
import { GatewayFailure } from './failures';
import { findCeiling, isAboutAmount, isAboutLimit } from './token-ceiling';

/** Stores rules for all workers. Rules expire, because models change. `name` covers every setting that an operator can change. */
export interface FieldMemory {
  recall(name: string): Promise<FieldRule[]>;
  keep(name: string, rules: readonly FieldRule[]): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

/** Fields that models reject, with the words that denote them. `quoted` ones are ordinary words and only match in quotation marks. */
const FIELDS: { field: string; words: string; to?: string; quoted?: true; with?: string[] }[] = [
  { field: 'temperature', words: 'temperature' },
  {
    field: 'max_tokens',
    words: String.raw`max[_ ]?tokens|max_output_tokens|maxOutputTokens`,
    to: 'max_completion_tokens',
  },
  { field: 'max_completion_tokens', words: 'max_?completion_?tokens', to: 'max_tokens' },
  { field: 'stream_options', words: 'stream_?options|include_usage' },
  { field: 'response_format', words: 'response[_ ]?format|json_schema|structured[_ ]outputs?|guided_json' },
  { field: 'stream', words: 'stream', quoted: true, with: ['stream_options'] },
  { field: 'provider', words: 'provider', quoted: true },
  { field: 'models', words: 'models', quoted: true },
];
const PATTERNS = FIELDS.map((one) => ({
  ...one,
  pattern: new RegExp(
    one.quoted ? String.raw`["'\`](?:${one.words})["'\`]` : String.raw`(?<![a-z0-9_])(?:${one.words})(?![a-z0-9_])`,
    'i',
  ),
}));

/** Statuses of rejections about the request; those in PERHAPS count only if the message says that a field is not accepted. */
const REQUEST = [400, 422];
const PERHAPS = [404, 405, 415, 501];
const NOT_TAKEN =
  /unsupported|not (?:be )?(?:supported|permitted|allowed|accepted|recognized|implemented|available)|unknown|unrecognized|unexpected|does not (?:support|accept)|extra_forbidden|deprecated|invalid/i;
/** The field is accepted, but not this value. */
const ABOUT_VALUE =
  /must be|should be|between|in the range|out of range|(?:less|greater|smaller|larger|lower|higher) than|at (?:most|least)|too (?:high|large|low|small|big)|exceeds|unsupported_value|invalid_value|does not support [\d.]/i;
const ONLY_DEFAULT = /only the default|only supports? the default|fixed (?:at|to)/i;
/** Other codes mean that something other than a field is wrong. */
const CODES: readonly string[] = ['GATEWAY_REFUSED_REQUEST', 'MODEL_NOT_FOUND', 'GATEWAY_UNAVAILABLE', 'GATEWAY_ERROR'];

/** Returns the rule that would repair a rejected request; undefined if no field of it is the cause. */
export function findRule(failure: unknown, complaint: Complaint, body: Body): FieldRule | undefined {
  const ceiling = findCeilingRule(failure, complaint, body);
  if (ceiling) return ceiling;
  const doubt = doubtAbout(failure, complaint.status);
  if (!doubt) return undefined;
  const blamed = findBlamed(complaint, body);
  if (blamed)
    return doubt === 'little' || NOT_TAKEN.test(complaint.words) ? toRule(blamed, complaint.words, body) : undefined;
  // most servers do not support a schema, and some do not say so
  return 'response_format' in body ? { field: 'response_format' } : undefined;
}

const TOKEN_LIMITS = ['max_tokens', 'max_completion_tokens'];

/** Returns a rule if the model accepts a smaller token limit and the gateway names it. */
function findCeilingRule(failure: unknown, { status, fields, words }: Complaint, body: Body): FieldRule | undefined {
  if (!isRefusal(failure, [...CODES, 'CONTEXT_TOO_LONG']) || !(status === undefined || REQUEST.includes(status)))
    return undefined;
  const field = TOKEN_LIMITS.find((name) => typeof body[name] === 'number');
  const isNamed = fields.some((path) => TOKEN_LIMITS.some((name) => pathHasField(path, name)));
  if (field === undefined || !(isAboutLimit(words) || (isNamed && isRefusal(failure, CODES)))) return undefined;
  const most = findCeiling(words, Number(body[field]));
  return most === undefined ? undefined : { field, most };
}

function isRefusal(failure: unknown, codes: readonly string[]): failure is GatewayFailure {
  return failure instanceof GatewayFailure && codes.includes(failure.code);
}

/** How doubtful it is that the request was rejected because of a field; undefined if it was not. */
function doubtAbout(failure: unknown, status: number | undefined): 'little' | 'much' | undefined {
  if (!isRefusal(failure, CODES)) return undefined;
  if (status === undefined) return failure.code === 'GATEWAY_REFUSED_REQUEST' ? 'little' : undefined;
  if (REQUEST.includes(status)) return 'little';
  return PERHAPS.includes(status) ? 'much' : undefined;
}

type Known = (typeof PATTERNS)[number];

/** Returns the field named explicitly, or else the first one mentioned in the message. */
function findBlamed({ fields, words }: Complaint, body: Body): Known | undefined {
  const sent = PATTERNS.filter(({ field }) => field in body);
  const named = sent.find(({ field }) => fields.some((name) => pathHasField(name, field)));
  if (named) return named;
  const places = sent.flatMap((known) => {
    const at = words.search(known.pattern);
    return at < 0 ? [] : [{ known, at }];
  });
  return places.sort((a, b) => a.at - b.at)[0]?.known;
}

/** Matches `temperature`, `body.temperature`, `stream_options.include_usage`. */
function pathHasField(path: string, field: string): boolean {
  return path.split(/[.[\]/]/).includes(field);
}

function toRule({ field, to }: Known, words: string, body: Body): FieldRule | undefined {
  // a server that does not know the other name would ignore it, and answer without any limit
  if (to) return isAboutAmount(words) ? undefined : { field, to };
  const isValue = field === 'temperature' && ABOUT_VALUE.test(words) && !ONLY_DEFAULT.test(words);
  return isValue ? { field, value: body[field] } : { field };
}

/** Applies the rules to the body: renames first, because a maximum belongs to the accepted name. */
export function applyRules(body: Body, rules: readonly FieldRule[]): Body {
  const lastLimits = [...rules].sort((a, b) => Number(a.most !== undefined) - Number(b.most !== undefined));
  return lastLimits.reduce((changed, rule) => applyRule(changed, rule), body);
}

function applyRule(body: Body, { field, to, value, most }: FieldRule): Body {
  if (most !== undefined) return Number(body[field]) > most ? { ...body, [field]: most } : body;
  if (!(field in body) || (value !== undefined && body[field] !== value)) return body;
  const { [field]: taken, ...rest } = body;
  const companions = FIELDS.find((one) => one.field === field)?.with ?? [];
  const left = Object.fromEntries(Object.entries(rest).filter(([name]) => !companions.includes(name)));
  return to ? { ...left, [to]: taken } : left;
}

/** Maximum number of rules learnt by one call, so that a gateway that keeps lowering its limit cannot loop forever. */
const MOST_RULES = 12;

/** Whether the rule is new. A rule that was tried without success is not tried again. */
export function isNew(rules: readonly FieldRule[], { field, to, value, most }: FieldRule): boolean {
  if (rules.length >= MOST_RULES) return false;
  const isSame = (other: FieldRule) => other.field === field && other.value === value && other.most === most;
  // if both names of a field fail, the field is not accepted at all
  const isBack = (other: FieldRule) => to !== undefined && other.to === field;
  return !rules.some((other) => isSame(other) || isBack(other));
}

const NO_RUN = { run_id: '', session_id: '', team_id: '', turn: '' };

/** Returns a name for a model at a gateway with its current configuration: any change of address, key, header or setting changes it. */
export function nameModelSettings(endpoint: Endpoint, model: string): string {
  const { name, baseUrl, apiKey, tokenLimitField } = endpoint;
  const settings = [baseUrl, apiKey, tokenLimitField, endpoint.headers(NO_RUN), endpoint.extras(model, [])];
  const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
  return `${name}/${model}@${hash}`;
}

/** Memory for a single process, as in tests. */
export function createLocalFieldMemory(): FieldMemory {
  const known = new Map<string, FieldRule[]>();
  return {
    recall: (name) => Promise.resolve(known.get(name) ?? []),
    keep(name, rules) {
      known.set(name, [...(known.get(name) ?? []), ...rules]);
      return Promise.resolve();
    },
  };
}
