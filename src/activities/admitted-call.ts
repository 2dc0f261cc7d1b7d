/** One model call from its admission to its entry in the books. */
import type { Usage } from '../contract';
import type { ChatCall, ChatResult } from '../gateway/chat';
import { GatewayFailure } from '../gateway/failures';
import { askGenerationCost } from '../gateway/generation';
import { addressOf } from '../gateway/order';
import { costOf, type Prices, type TokenPrice } from '../gateway/prices';
import type { Candidate } from '../gateway/route';
import { CALL_RENEWAL_MS } from '../redis/call-lease';
import type { Budget, Hold, Ledger, Payer, Spent } from '../redis/ledger';
import type { CallId, Limiter } from '../redis/limiter';
import { estimateTokens } from '../redis/window';
import * as plan from './planned-call';
import type { ModelLimits, PlannedCall } from './planned-call';
import { outcomeOf, toFailure } from './refusals';

export interface AdmissionOptions {
  limiter: Limiter;
  ledger: Ledger;
  prices: Prices;
  /** Limits by `gateway/model`, `gateway/*` or `*`: the first that there is. */
  limits: Record<string, ModelLimits>;
  /** What a run, a session and an account may use, where the caller does not ask for less. */
  budgets: Record<'run' | 'session' | 'account', Budget>;
}

/** What was granted to a call; the rest of it is the turn's own matter. */
export type GrantedCall = Pick<ChatCall, 'maxTokens' | 'alternatives'> & Required<Pick<ChatCall, 'onGeneration'>>;

/** An answer that is shorter is not worth its prompt. Tokens. */
const LEAST_ANSWER_TOKENS = 64;
/** One call from its admission to its entry in the books. */
export class AdmittedCall {
  private readonly id: CallId;
  private readonly payer: Payer;
  private readonly promptTokens: number;
  private readonly price: TokenPrice | undefined;
  private readonly alternatives: Candidate[];
  private readonly limits: ModelLimits;
  private startedAt = 0;
  private generationId: string | undefined;
  private readonly heardBefore: number;

  constructor(
    private readonly options: AdmissionOptions,
    private readonly planned: PlannedCall,
  ) {
    const { request, epoch, number, candidate, messages } = planned;
    const { endpoint } = candidate;
    const turn = plan.nameOfTurn(request);
    this.id = { model: addressOf(candidate), turn, call: `${turn}|${epoch}|${number}` };
    this.payer = plan.payerOf(request);
    this.heardBefore = this.heardTokens;
    this.promptTokens = plan.estimatePrompt(messages);
    this.alternatives = endpoint.fallsBack ? plan.alternativesOf(planned) : [];
    this.price = plan.dearest([candidate, ...this.alternatives].map((one) => options.prices.of(one)));
    this.limits = plan.limitsOf(candidate, options.limits);
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
    ]);
    const { signal } = this.planned;
    if (verdict.verdict !== 'ok' || grant.grant !== 'ok' || signal.aborted) {
      await Promise.all([
        verdict.verdict === 'ok' ? limiter.withdraw(this.id) : undefined,
        grant.grant === 'ok' ? ledger.release(this.payer, this.id) : undefined,
      ]);
      signal.throwIfAborted();
      throw toFailure(candidate, this.limits, verdict, grant);
    }
    this.startedAt = performance.now();
    return {
      maxTokens: grant.answerTokens,
      alternatives: this.alternatives.map(({ model }) => model),
      onGeneration: (id) => (this.generationId = id),
    };
  }

  /** Keeps its place and its hold for as long as it goes on. A worker that dies leaves both for a short time. */
  async whileRenewing<T>(call: () => Promise<T>): Promise<T> {
    const { limiter, ledger } = this.options;
    const renew = () =>
      Promise.all([this.limits.concurrency && limiter.renew(this.id), ledger.renew(this.payer, this.id)]);
    const renewal = setInterval(() => void renew().catch(() => undefined), CALL_RENEWAL_MS);
    return call().finally(() => clearInterval(renewal));
  }

  /** Answers what the turn has used in all its calls. */
  async succeeded(reply: ChatResult): Promise<Spent> {
    const { usage, costUsd, firstTokenMs } = reply;
    const used = usage ? this.weigh(usage.prompt_tokens, usage.completion_tokens) : undefined;
    const usd = costUsd ?? (usage && this.price && costOf(this.price, usage.prompt_tokens, usage.completion_tokens));
    const [spent] = await Promise.all([
      this.book(usage, usd),
      this.options.limiter.report(this.id, { outcome: 'ok', firstTokenMs }, this.elapsedMs, used),
    ]);
    return spent;
  }

  private book(usage: Usage | undefined, usd: number | undefined): Promise<Spent> {
    if (!usage) return this.settle({ heardTokens: this.heardTokens });
    return this.settle({ usd, tokens: usage.prompt_tokens + usage.completion_tokens, estimated: false });
  }

  async failed(error: unknown): Promise<void> {
    const isRefused = error instanceof GatewayFailure && error.isRefusal && !this.hasBegun;
    await Promise.all([
      this.options.limiter.report(this.id, outcomeOf(error), this.elapsedMs, isRefused ? 0 : undefined),
      isRefused ? this.settle({ usd: 0, tokens: 0, estimated: false }) : this.settle({ heardTokens: this.heardTokens }),
      this.noteRefusedKey(error),
    ]);
    if (!isRefused) void this.correctLater().catch(() => undefined);
  }

  private async noteRefusedKey(error: unknown): Promise<void> {
    if (!(error instanceof GatewayFailure) || error.code !== 'GATEWAY_KEY_REFUSED') return;
    await this.options.ledger.refuseGateway(this.payer, this.planned.candidate.endpoint.name, error.message);
  }

  /** The books hold an estimate of a call that broke off, until the gateway has told what it cost. */
  private async correctLater(): Promise<void> {
    if (!this.generationId) return;
    const cost = await askGenerationCost(this.planned.candidate.endpoint, this.generationId);
    if (cost) await this.settle({ ...cost, estimated: false });
  }

  private settle(charge: Parameters<Ledger['settle']>[2]): Promise<Spent> {
    return this.options.ledger.settle(this.payer, { call: this.id.call, turn: this.planned.request.turn }, charge);
  }

  private toHold(): Hold {
    const { request, candidate, maxTokens } = this.planned;
    const { run, session, account } = this.options.budgets;
    const { budget_usd, budget_tokens } = request.options;
    return {
      turn: request.turn,
      call: this.id.call,
      gateway: candidate.endpoint.name,
      model: this.id.model,
      price: this.price,
      promptTokens: this.promptTokens,
      answerTokens: maxTokens,
      leastTokens: LEAST_ANSWER_TOKENS,
      heardTokens: this.heardTokens,
      foundTokens: estimateTokens(this.planned.found),
      runsOn: !candidate.endpoint.stopsOnAbort,
      budgets: {
        run: { usd: plan.lesser(run.usd, budget_usd), tokens: plan.lesser(run.tokens, budget_tokens) },
        session,
        account,
      },
    };
  }

  private weigh(promptTokens: number, answerTokens: number): number {
    return promptTokens * this.limits.inputWeight + answerTokens * this.limits.outputWeight;
  }

  /** Whether anything of an answer was seen. */
  private get hasBegun(): boolean {
    return this.generationId !== undefined || this.heardTokens > this.heardBefore;
  }

  private get heardTokens(): number {
    return estimateTokens(this.planned.heard());
  }

  private get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}
