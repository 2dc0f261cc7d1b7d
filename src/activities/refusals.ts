/** A call that our own limits, the model's health or a budget refuse, in the words of the failure table; and what a failed call says to others. */
import { GatewayFailure } from '../gateway/failures';
import type { Candidate } from '../gateway/route';
import type { FailureCode } from '../contract';
import type { Grant } from '../redis/ledger';
import type { Limits, Outcome, Verdict } from '../redis/limiter';

/** While a model rests, a turn that has no other comes back this often before it gives up. */
const PATIENT_TRIES = 8;
/** Another call of the run holds the money: it is given back when that call ends. */
const BUDGET_BUSY_MS = 1000;

/** A refusal by the budget weighs more than one by a limit: what cannot be paid need not wait. */
export function toFailure(candidate: Candidate, limits: Limits, verdict: Verdict, grant: Grant): GatewayFailure {
  if (grant.grant !== 'ok') return ofBudget(candidate, grant);
  if (verdict.verdict === 'wait') return ofLimit(candidate, limits, verdict);
  if (verdict.verdict === 'ok') throw new Error('The call was admitted.');
  const { code, words, waitMs } = verdict;
  if (verdict.verdict === 'cooling') return new GatewayFailure(code, words, { action: 'next' }, waitMs);
  if (verdict.verdict === 'probing')
    return new GatewayFailure(code, `${words} Another call tries whether it is back.`, { action: 'probe' }, waitMs);
  return new GatewayFailure(
    code,
    `${words} It is left alone for a moment.`,
    { action: 'rest', tries: PATIENT_TRIES },
    waitMs,
  );
}

function ofBudget({ model, endpoint }: Candidate, grant: Exclude<Grant, { grant: 'ok' }>): GatewayFailure {
  switch (grant.grant) {
    case 'refused':
      return new GatewayFailure('GATEWAY_KEY_REFUSED', grant.words, { action: 'next-gateway' }, undefined);
    case 'busy':
      return new GatewayFailure(
        'BUDGET_EXHAUSTED',
        `The budget of the ${grant.scope} is held by other calls; what they do not use comes back.`,
        { action: 'wait' },
        BUDGET_BUSY_MS,
      );
    case 'unpriced':
      return new GatewayFailure(
        'BUDGET_EXHAUSTED',
        `A budget in dollars needs the price of "${model}" at ${endpoint.label}: set PRICES.`,
        { action: 'next' },
        undefined,
      );
    default: {
      const unit = grant.unit === 'usd' ? 'dollars' : 'tokens';
      const message = `The budget of the ${grant.scope}, in ${unit}, does not pay for another answer by "${model}".`;
      return new GatewayFailure('BUDGET_EXHAUSTED', message, { action: 'economy' }, undefined);
    }
  }
}

function ofLimit({ model }: Candidate, limits: Limits, { why, ahead, waitMs }: Extract<Verdict, { verdict: 'wait' }>) {
  const reasons = {
    requests: `"${model}" takes ${limits.requests} requests a minute`,
    tokens: `"${model}" takes ${limits.tokens} tokens a minute`,
    concurrency: `"${model}" takes ${limits.concurrency} calls at once`,
    cooldown: `"${model}" has asked for a pause`,
    pace: `"${model}" is called at a slower pace after a refusal`,
  };
  const place = ahead > 0 ? `, and ${ahead} ${ahead === 1 ? 'turn is' : 'turns are'} before this one` : '';
  return new GatewayFailure('RATE_LIMITED', `${reasons[why]}${place}.`, { action: 'wait' }, waitMs);
}

/** What counts against the health of a model; a rate limit, a refused prompt or a missing model do not. */
const ILL: readonly FailureCode[] = [
  'GATEWAY_UNAVAILABLE',
  'GATEWAY_ERROR',
  'FIRST_TOKEN_TIMEOUT',
  'STREAM_STALLED',
  'STREAM_CUT',
];
/** How long everybody pauses after a rate limit that does not say how long. */
const PAUSE_MS = 1000;

/** What a call that failed says about its model. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof GatewayFailure)) return { outcome: 'neutral' };
  const { code, message: words, waitMs } = error;
  const asksForPause = code === 'RATE_LIMITED' || (code === 'GATEWAY_UNAVAILABLE' && waitMs !== undefined);
  if (asksForPause) return { outcome: 'cool', code, words, waitMs: waitMs ?? PAUSE_MS };
  return ILL.includes(code) ? { outcome: 'ill', code, words } : { outcome: 'neutral' };
}
