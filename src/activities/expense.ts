/** What a turn has used that ends without an answer: the books know the sum of its calls, and the text what of it was heard. */
import type { Expense, TurnRequest } from '../contract';
import { estimateTokens } from '../redis/window';
import type { Admission } from './admission';

/** `text` is what readers have of the turn. A turn of which no call went out, or was refused, has used nothing. */
export async function expenseOf(admission: Admission, request: TurnRequest, text: string): Promise<Expense> {
  const { usd, tokens } = await admission.costOf(request);
  const heard = Math.min(tokens, estimateTokens(text));
  const usage = { prompt_tokens: tokens - heard, completion_tokens: heard };
  return { usage: tokens > 0 ? { ...usage, estimated: true } : usage, cost_usd: usd };
}
