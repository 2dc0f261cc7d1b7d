// Schema of requests to POST /v1/chat/completions: validated once here, trusted everywhere else.
// Unknown fields are ignored, because clients for many providers send many of them.
import { z } from 'zod';
import { LocalModelFailure } from './failures';

const DEFAULT_TEMPERATURE = 0.7;
const DEFAULT_TOP_P = 0.95;

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const Content = z.union([z.string(), z.array(TextPart)], { error: 'must be a string or an array of text parts' });

const Message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content: Content }),
  z.object({ role: z.literal('assistant'), content: Content.nullish() }),
]);

const TokenLimit = z.int().min(1).nullish();
const StopStrings = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]);

/** As in OpenAI's own API, null means the same as absent. */
function orElse<Schema extends z.ZodType>(schema: Schema, fallback: () => z.output<Schema>) {
  return schema.nullish().transform((value) => value ?? fallback());
}

/** `json_object` is not enforced: the prompt determines the format, as with `text`. */
const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['text', 'json_object']) }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const ChatRequestBody = z.object({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  temperature: orElse(z.number().min(0).max(2), () => DEFAULT_TEMPERATURE),
  top_p: orElse(z.number().gt(0).max(1), () => DEFAULT_TOP_P),
  max_tokens: TokenLimit,
  max_completion_tokens: TokenLimit,
  stop: orElse(StopStrings, () => []),
  seed: orElse(z.int(), () => Math.floor(Math.random() * 2 ** 31)),
  response_format: ResponseFormat.nullish(),
  stream: orElse(z.boolean(), () => false),
  stream_options: z.object({ include_usage: orElse(z.boolean(), () => false) }).nullish(),
});

/** A message reduced to what a chat template needs; `developer` is a newer name for `system`. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

/** All parameters of one answer, independent of HTTP. Temperature 0 means greedy. */
export interface GenerationRequest {
  readonly messages: readonly ChatMessage[];
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly stop: readonly string[];
  /** JSON Schema that the answer must match; undefined for free text. */
  readonly jsonSchema?: object | undefined;
  /** Undefined: until the model ends its turn or the context is full. */
  readonly maxTokens: number | undefined;
}

/** A parsed request: which model, how to deliver, and what to generate. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly generation: GenerationRequest;
}

/** Parses the JSON text of a request; throws `invalid_request` that names the first invalid field. */
export function parseChatRequest(json: string): ChatRequest {
  const parsed = ChatRequestBody.safeParse(parseJson(json));
  if (!parsed.success) throw invalidField(parsed.error);
  const body = parsed.data;
  return {
    model: body.model,
    stream: body.stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    generation: {
      messages: body.messages.map(toChatMessage),
      temperature: body.temperature,
      topP: body.top_p,
      seed: body.seed,
      stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
      jsonSchema: body.response_format?.type === 'json_schema' ? body.response_format.json_schema.schema : undefined,
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    },
  };
}

function toChatMessage({ role, content }: z.infer<typeof Message>): ChatMessage {
  const text = Array.isArray(content) ? content.map((part) => part.text).join('\n') : (content ?? '');
  return { role: role === 'developer' ? 'system' : role, text };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new LocalModelFailure('invalid_request', 'The request body is not valid JSON.', null, { cause });
  }
}

function invalidField(error: z.ZodError): LocalModelFailure {
  const issue = error.issues[0];
  const param = issue === undefined ? '' : fieldName(issue.path);
  const message = issue?.message ?? 'the request has the wrong shape';
  return new LocalModelFailure('invalid_request', `${param || 'body'}: ${message}`, param || null);
}

/** `messages[0].role`: the notation of OpenAI's own errors. */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}
