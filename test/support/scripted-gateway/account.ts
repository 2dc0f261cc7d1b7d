// The small routes besides completions: GET /models, /key and /generation, answered from the log and the price list.
import type { Price } from './bill';
import type { Books, GatewayRequest } from './books';
import { now } from './clock';
import type { Reply } from './reply';

export interface AccountOptions {
  /** Models of GET /v1/models with their prices. */
  readonly models: Readonly<Record<string, Price>>;
  /** How long after its end a generation is still answered with 404, as OpenRouter does until it is indexed. */
  readonly generationDelayMs: number;
}

/** Returns the reply to a GET, or undefined if there is no such route. */
export function accountReply(url: URL, books: Books, options: AccountOptions): Reply | undefined {
  if (url.pathname.endsWith('/models')) return { body: { data: Object.entries(options.models).map(modelOnWire) } };
  if (url.pathname.endsWith('/key')) return { body: { data: keyOnWire(books.requests) } };
  if (!url.pathname.endsWith('/generation')) return undefined;
  const entry = books.find(url.searchParams.get('id') ?? '');
  const isIndexed = entry?.endedAt !== undefined && now() >= entry.endedAt + options.generationDelayMs;
  return isIndexed ? { body: { data: generationOnWire(entry) } } : { status: 404 };
}

function modelOnWire([id, price]: [string, Price]) {
  return {
    id,
    canonical_slug: id,
    name: id,
    created: 1_790_000_000,
    context_length: 128_000,
    architecture: { modality: 'text->text', input_modalities: ['text'], output_modalities: ['text'] },
    // Decimal strings, never exponents.
    pricing: { prompt: price.prompt.toFixed(10), completion: price.completion.toFixed(10), request: '0', image: '0' },
    top_provider: { context_length: 128_000, max_completion_tokens: 16_384, is_moderated: false },
    per_request_limits: null,
    supported_parameters: ['max_tokens', 'temperature', 'stop'],
    expiration_date: null,
  };
}

function keyOnWire(requests: readonly GatewayRequest[]) {
  const usage = Number(requests.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0).toFixed(10));
  return {
    label: 'sk-or-v1-sim...ulated',
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    usage,
    is_free_tier: false,
  };
}

function generationOnWire(entry: GatewayRequest) {
  const { promptTokens, completionTokens } = entry.usage ?? { promptTokens: 0, completionTokens: 0 };
  const { at, costUsd = 0, finish = null, endedAt: ended = at, firstTokenAt = ended } = entry;
  return {
    id: entry.id,
    model: entry.model,
    provider_name: 'Simulated',
    created_at: new Date(at).toISOString(),
    total_cost: costUsd,
    usage: costUsd,
    tokens_prompt: promptTokens,
    tokens_completion: completionTokens,
    native_tokens_prompt: promptTokens,
    native_tokens_completion: completionTokens,
    finish_reason: finish,
    native_finish_reason: finish,
    cancelled: entry.endedBy === 'client-closed',
    latency: Math.round(firstTokenAt - at),
    generation_time: Math.round(ended - firstTokenAt),
    is_byok: false,
  };
}
