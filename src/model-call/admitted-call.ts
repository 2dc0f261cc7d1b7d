/** One model call, from its admission to its entry in the ledger. */
import type { Usage } from '../contract';
import type { ChatCall, ChatResult } from '../gateway/chat';
import { GatewayFailure } from '../gateway/failures';
import { fetchGenerationCost } from '../gateway/generation-cost';
import { addressCandidate } from '../gateway/model-order';
import { computeCost, type Prices, type TokenPrice } from '../gateway/prices';
import type { Candidate } from '../gateway/model-fallback';
import { CALL_RENEWAL_MS } from '../redis/limiter';
import { retryWhileFull } from '../redis/maxmemory';
import type { Budgets, Hold, Ledger, Payer, Spent } from '../redis/ledger';
import type { CallId, Limiter, Outcome } from '../redis/limiter';
import { estimateTokens } from '../redis/conversation-window';
import * as plan from './planned-call';
import type { ModelLimits, PlannedCall } from './planned-call';
import { classifyOutcome, toRejection, type NameBudget } from './rejections';

export interface AdmissionOptions {
  limiter: Limiter;
  ledger: Ledger;
  prices: Prices;
  /** Limits by `gateway/model`, `gateway/*` or `*`; the first match applies. */
  limits: Record<string, ModelLimits>;
  /** Budgets of a run, a session and an account. The caller may set a lower one for a run. */
  budgets: Budgets;
}

/** The parameters of a call that admission decides; the turn supplies the others. */
export interface GrantedCall {
  chat: Pick<ChatCall, 'maxTokens' | 'alternatives'> & Required<Pick<ChatCall, 'onGeneration'>>;
  /** The setting or request field whose budget lowered the token limit below the turn's own. */
  shortenedBy: string | undefined;
}

/** Minimum tokens for an answer; a shorter one is not worth the cost of its prompt. */
const LEAST_ANSWER_TOKENS = 64;
/** How long the booking of a completed call is retried while Redis is out of memory. */
const BOOKING_PATIENCE_MS = 60_000;
/** One call, from its admission to its entry in the ledger. */
export class AdmittedCall {
  private readonly id: CallId;
  private readonly payer: Payer;
  private readonly promptTokens: number;
  private readonly price: TokenPrice | undefined;
  private readonly alternatives: Candidate[];
  private readonly limits: ModelLimits;
  private startedAt = 0;
  private generationId: string | undefined;
  private readonly receivedBefore: number;
  private grantedTokens: number;

  constructor(
    private readonly options: AdmissionOptions,
    private readonly planned: PlannedCall,
  ) {
    const { request, epoch, number, generation = '', candidate, messages } = planned;
    const { endpoint } = candidate;
    const turn = plan.nameOfTurn(request);
    this.id = { model: addressCandidate(candidate), turn, call: `${turn}|${generation}|${epoch}|${number}` };
    this.payer = plan.toPayer(request);
    this.receivedBefore = this.receivedTokens;
    this.grantedTokens = planned.maxTokens;
    this.promptTokens = plan.estimatePrompt(messages);
    this.alternatives = endpoint.fallsBack ? plan.listAlternatives(planned) : [];
    this.price = plan.dearest([candidate, ...this.alternatives].map((one) => options.prices.of(one)));
    this.limits = plan.findLimits(candidate, options.limits);
  }

  async ask(): Promise<GrantedCall> {
    const { limiter, ledger } = this.options;
    const { maxTokens, candidate } = this.planned;
    const [verdict, grant] = await Promise.all([
      limiter.admit({
        ...this.id,
        tenant: this.payer.account,
        session: this.payer.sessionId,
        tokens: this.weigh(this.promptTokens, maxTokens),
        limits: this.limits,
      }),
      ledger.hold(this.payer, this.toHold()),
      // a process that was suspended may have lost the turn since its attempt began
      this.planned.checkOwner?.(),
    ]);
    const { signal } = this.planned;
    if (verdict.verdict !== 'ok' || grant.grant !== 'ok' || signal.aborted) {
      await Promise.all([
        verdict.verdict === 'ok' ? limiter.withdraw(this.id) : undefined,
        grant.grant === 'ok' ? ledger.release(this.payer, this.id) : undefined,
      ]);
      signal.throwIfAborted();
      throw toRejection(candidate, this.limits, verdict, grant, this.nameBudget);
    }
    this.startedAt = performance.now();
    this.grantedTokens = grant.answerTokens;
    const chat = {
      maxTokens: grant.answerTokens,
      alternatives: this.alternatives.map(({ model }) => model),
      onGeneration: (id: string) => void (this.generationId = id),
    };
    const { shortenedBy } = grant;
    return { chat, shortenedBy: shortenedBy && this.nameBudget(shortenedBy.scope, shortenedBy.unit) };
  }

  /** Renews the model slot and the budget hold while the call runs. After a worker dies, both expire after a short time. */
  async whileRenewing<T>(call: () => Promise<T>): Promise<T> {
    const { limiter, ledger } = this.options;
    const renew = () =>
      Promise.all([this.limits.concurrency && limiter.renew(this.id), ledger.renew(this.payer, this.toHold())]);
    const renewal = setInterval(() => void renew().catch(() => undefined), CALL_RENEWAL_MS);
    return call().finally(() => clearInterval(renewal));
  }

  /** Returns what all calls of the turn have used. */
  async succeeded(reply: ChatResult): Promise<Spent> {
    const { usage, costUsd, firstTokenMs } = reply;
    const used = usage ? this.weigh(usage.prompt_tokens, usage.completion_tokens) : undefined;
    const usd =
      costUsd ?? (usage && this.price && computeCost(this.price, usage.prompt_tokens, usage.completion_tokens));
    const [spent] = await Promise.all([this.book(usage, usd), this.report({ outcome: 'ok', firstTokenMs }, used)]);
    return spent;
  }

  /** The cost may be known even if the token counts are not. */
  private book(usage: Usage | undefined, usd: number | undefined): Promise<Spent> {
    if (usage) return this.settle({ usd, tokens: usage.prompt_tokens + usage.completion_tokens, estimated: false });
    if (usd === undefined) return this.settle({ receivedTokens: this.receivedTokens });
    const tokens = this.promptTokens + Math.max(0, this.receivedTokens - this.receivedBefore);
    return this.settle({ usd, tokens, estimated: true });
  }

  async failed(error: unknown): Promise<void> {
    const isRefused = error instanceof GatewayFailure && error.isRefusal && !this.hasBegun;
    await Promise.all([
      this.report(classifyOutcome(error), isRefused ? 0 : undefined),
      isRefused
        ? this.settle({ usd: 0, tokens: 0, estimated: false })
        : this.settle({ receivedTokens: this.receivedTokens }),
      this.noteRefusedKey(error),
    ]);
    if (!isRefused) void this.correctLater().catch(() => undefined);
  }

  private async noteRefusedKey(error: unknown): Promise<void> {
    if (!(error instanceof GatewayFailure) || error.code !== 'GATEWAY_KEY_REFUSED') return;
    await this.options.ledger.refuseGateway(this.payer, this.planned.candidate.endpoint.name, error.message);
  }

  /** Replaces the estimated cost of an interrupted call in the ledger once the gateway reports the actual cost. */
  private async correctLater(): Promise<void> {
    if (!this.generationId) return;
    const cost = await fetchGenerationCost(this.planned.candidate.endpoint, this.generationId);
    if (cost) await this.settle({ ...cost, estimated: false });
  }

  private settle(charge: Parameters<Ledger['settle']>[2]): Promise<Spent> {
    return retryWhileFull(() => this.options.ledger.settle(this.payer, this.toHold(), charge), BOOKING_PATIENCE_MS);
  }

  private report(outcome: Outcome, tokens: number | undefined): Promise<void> {
    const { elapsedMs } = this;
    const report = () => this.options.limiter.report(this.id, outcome, elapsedMs, tokens);
    return retryWhileFull(report, BOOKING_PATIENCE_MS);
  }

  private toHold(): Hold {
    const { request, candidate } = this.planned;
    const { run, session, account } = this.options.budgets;
    const { budget_usd, budget_tokens, budget_calls } = request.options;
    return {
      turn: request.turn,
      call: this.id.call,
      gateway: candidate.endpoint.name,
      model: this.id.model,
      price: this.price,
      promptTokens: this.promptTokens,
      answerTokens: this.grantedTokens,
      leastTokens: LEAST_ANSWER_TOKENS,
      receivedTokens: this.receivedBefore,
      foundTokens: estimateTokens(this.planned.found),
      runsOn: !candidate.endpoint.stopsOnAbort,
      spent: request.spent,
      budgets: {
        run: {
          usd: plan.lesser(run.usd, budget_usd),
          tokens: plan.lesser(run.tokens, budget_tokens),
          calls: plan.lesser(run.calls, budget_calls),
        },
        session,
        account,
      },
    };
  }

  /** Names the setting or the request field, whichever sets the lower budget. */
  private readonly nameBudget: NameBudget = (scope, unit) => {
    const most = this.options.budgets.run[unit] ?? Infinity;
    const own = this.planned.request.options[`budget_${unit}`] ?? Infinity;
    if (scope === 'run' && own < most) return `budget_${unit} of the request`;
    return `BUDGET_${scope.toUpperCase()}_${unit.toUpperCase()}`;
  };

  private weigh(promptTokens: number, answerTokens: number): number {
    return promptTokens * this.limits.inputWeight + answerTokens * this.limits.outputWeight;
  }

  /** Whether any part of an answer was received. */
  private get hasBegun(): boolean {
    return this.generationId !== undefined || this.receivedTokens > this.receivedBefore;
  }

  private get receivedTokens(): number {
    // thinking tokens are billed like text
    return estimateTokens(this.planned.answerText()) + estimateTokens(this.planned.thought?.() ?? '');
  }

  private get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}
