/** Reads token counts, cost and signs of thinking from the chunks of a stream. */
import { z } from 'zod';
import type { Usage } from '../contract';

const THINKING_FIELDS = ['reasoning', 'reasoning_content', 'reasoning_details'];

/** Reasoning models stream thinking in separate fields. An empty field is no sign of life. */
export function isThinking(delta: object | null | undefined): boolean {
  return Object.entries(delta ?? {}).some(([name, value]) => THINKING_FIELDS.includes(name) && hasContent(value));
}

/** Maximum nesting that is searched for content. */
const DEEPEST = 3;
/** Fields that describe a piece of thinking; empty pieces have them, too. */
const LABELS = ['type', 'format', 'index', 'id'];

function hasContent(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value !== '';
  if (!(value instanceof Object) || depth >= DEEPEST) return false;
  return Object.entries(value).some(([name, part]) => !LABELS.includes(name) && hasContent(part, depth + 1));
}

/** No context window is larger; a higher count is an error of the gateway. */
const MOST_TOKENS = 10_000_000;
/** No call costs more. US dollars. */
const HIGHEST_COST = 10_000;

const count = z.int().min(0).max(MOST_TOKENS);
const counts = z.object({ prompt_tokens: count.min(1), completion_tokens: count });
const details = z.looseObject({ prompt_tokens_details: z.looseObject({ cached_tokens: count.min(1) }) });
const report = z.looseObject({ cost: z.number().min(0).max(HIGHEST_COST) });
const FIELDS = ['prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'cost'];

/** What a gateway has reported for one call. A field is undefined if it was not reported or is not plausible. */
export interface UsageReport {
  usage: Usage | undefined;
  costUsd: number | undefined;
}

/** Collects the usage of one stream. Gateways send it once at the end, with each chunk, or in parts: the last value of a field counts. */
export class UsageReader {
  private readonly fields: Record<string, unknown> = {};

  /** Reads the usage of a chunk, or of its choice, where some vendors put it. */
  take(chunk: { usage?: unknown; choices?: readonly object[] | undefined }): void {
    const [choice] = chunk.choices ?? [];
    const usage = chunk.usage ?? (choice && 'usage' in choice ? choice.usage : undefined);
    if (!(usage instanceof Object)) return;
    for (const [name, value] of Object.entries(usage)) {
      if (FIELDS.includes(name) && value !== null && value !== undefined) this.fields[name] = value;
    }
  }

  /** Whether the gateway has reported anything, which it does when a call ends. */
  get isReported(): boolean {
    return Object.keys(this.fields).length > 0;
  }

  /** `hasText`: whether the call has produced text, which makes a count of 0 answer tokens implausible. */
  read(hasText: boolean): UsageReport {
    const { fields } = this;
    return { usage: readCounts(fields, hasText), costUsd: report.safeParse(fields).data?.cost };
  }
}

/** Returns both counts or nothing: a sum with a missing part would distort every limit and budget. */
function readCounts(fields: object, hasText: boolean): Usage | undefined {
  const { data } = counts.safeParse(fields);
  if (!data || (hasText && data.completion_tokens === 0)) return undefined;
  const cached = details.safeParse(fields).data?.prompt_tokens_details.cached_tokens ?? 0;
  return { ...data, ...(cached > 0 && cached <= data.prompt_tokens ? { cached_tokens: cached } : {}) };
}
