/** What the chunks of a stream say beside their text. */
import type { CompletionUsage } from 'openai/resources/completions';
import type { Usage } from '../contract';

/** Models that reason stream their thoughts in fields of their own before they say anything. */
export function isThinking(delta: object | null | undefined): boolean {
  return Boolean(delta && ('reasoning' in delta || 'reasoning_content' in delta));
}

/** The token counts of a usage chunk. */
export function readUsage(usage: CompletionUsage): Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens;
  return {
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    ...(cached ? { cached_tokens: cached } : {}),
  };
}

/** OpenRouter reports the cost in the usage; the `openai` types do not know the field. */
export function readCost(usage: object | null | undefined): number | undefined {
  return usage && 'cost' in usage && typeof usage.cost === 'number' ? usage.cost : undefined;
}
