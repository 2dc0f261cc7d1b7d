/** Maps refusals by limits, model health or budgets to gateway failures, and failed calls to an outcome for the model's health. */
import { GatewayFailure } from '../gateway/failures';
import type { Candidate } from '../gateway/model-fallback';
import type { FailureCode } from '../contract';
import type { Grant } from '../redis/ledger';
import type { Limits, Outcome, AdmissionVerdict } from '../redis/limiter';

/** How often a turn without another model retries a model that is left alone, before it fails. */
const PATIENT_TRIES = 8;
/** Delay while another call holds the budget; what that call does not use is released when it ends. */
const BUDGET_BUSY_MS = 1000;

type Exhausted = Extract<Grant, { grant: 'exhausted' }>;
/** Names the setting or request field that a budget comes from. */
export type NameBudget = (scope: Exhausted['scope'], unit: Exhausted['unit']) => string;

/** A refusal by a budget takes precedence over one by a limit: a call that cannot be paid need not wait. */
export function toRejection(
  candidate: Candidate,
  limits: Limits,
  verdict: AdmissionVerdict,
  grant: Grant,
  nameBudget: NameBudget,
): GatewayFailure {
  if (grant.grant !== 'ok') return ofBudget(candidate, grant, nameBudget);
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

function ofBudget(
  { model, endpoint }: Candidate,
  grant: Exclude<Grant, { grant: 'ok' }>,
  nameBudget: NameBudget,
): GatewayFailure {
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
      const setting = nameBudget(grant.scope, grant.unit);
      // a call to another model would count as well
      if (grant.unit === 'calls') {
        const message = `The run has made as many model calls as ${setting} allows; what it has finished stays.`;
        return new GatewayFailure('BUDGET_EXHAUSTED', message, { action: 'fail' }, undefined);
      }
      const unit = grant.unit === 'usd' ? 'dollars' : 'tokens';
      const message = `The budget of the ${grant.scope}, in ${unit}, does not pay for another answer by "${model}": ${setting}.`;
      return new GatewayFailure('BUDGET_EXHAUSTED', message, { action: 'budget-model' }, undefined);
    }
  }
}

function ofLimit(
  { model }: Candidate,
  limits: Limits,
  { why, ahead, waitMs }: Extract<AdmissionVerdict, { verdict: 'wait' }>,
) {
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

/** Codes that count against a model's health; a rate limit, a refused prompt or a missing model do not. */
const ILL: readonly FailureCode[] = [
  'GATEWAY_UNAVAILABLE',
  'GATEWAY_ERROR',
  'FIRST_TOKEN_TIMEOUT',
  'STREAM_STALLED',
  'STREAM_CUT',
];
/** Pause of all callers after a rate limit without a stated delay. */
const PAUSE_MS = 1000;

/** The outcome that a failed call reports about its model. */
export function classifyOutcome(error: unknown): Outcome {
  if (!(error instanceof GatewayFailure)) return { outcome: 'neutral' };
  const { code, message: words, waitMs } = error;
  const asksForPause = code === 'RATE_LIMITED' || (code === 'GATEWAY_UNAVAILABLE' && waitMs !== undefined);
  if (asksForPause) return { outcome: 'cool', code, words, waitMs: waitMs ?? PAUSE_MS };
  return ILL.includes(code) ? { outcome: 'ill', code, words } : { outcome: 'neutral' };
}
