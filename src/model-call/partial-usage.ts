/** Usage of a turn that ends without an answer: the ledger has the sum of its calls, the text shows how much was received. */
import type { PartialUsage, TurnRequest } from '../contract';
import { estimateTokens } from '../redis/conversation-window';
import type { Admission } from './admission';

/** `text` is the turn's text as readers have it. A turn without a call, or whose call was refused, has used nothing. */
export async function computePartialUsage(
  admission: Pick<Admission, 'readCost'>,
  request: TurnRequest,
  text: string,
): Promise<PartialUsage> {
  const { usd, tokens } = await admission.readCost(request);
  const received = Math.min(tokens, estimateTokens(text));
  const usage = { prompt_tokens: tokens - received, completion_tokens: received };
  return { usage: tokens > 0 ? { ...usage, estimated: true } : usage, cost_usd: usd };
}
