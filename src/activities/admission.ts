/**
 * Carries model calls out within their limits and budgets: one round trip to Redis before a call, one after it.
 *
 * A call that may not go out now fails with a wait, as if the gateway had refused it: the turn then waits without a worker. What
 * went wrong in a call becomes known to all workers, and what it cost is booked, whether or not it ended well.
 */
import type { TurnRequest } from '../contract';
import type { Chat, ChatResult } from '../gateway/chat';
import type { Spent } from '../redis/ledger';
import { estimateTokens } from '../redis/window';
import { AdmittedCall, type AdmissionOptions } from './admitted-call';
import { nameOfTurn, payerOf, type Paying, type PlannedCall } from './planned-call';
import type { Reuse } from './reuse';

/** What a turn has cost in all its calls: null when the price of one is unknown; and the tokens of all of them. */
export interface TurnCost {
  tokens: number;
  usd: number | null;
  estimated: boolean;
}

/** An answer with what its turn has cost; `cached` when no model was called. */
export interface Carried {
  reply: ChatResult;
  cost: TurnCost;
  cached: boolean;
}

export interface Admission {
  /**
   * Makes a call when limits, health and budgets allow it, or answers it from the cache when its caller does. Throws
   * `GatewayFailure` when they do not, and whatever the call itself throws.
   */
  carryOut(planned: PlannedCall): Promise<Carried>;
  /** What the turn's calls have cost so far. */
  costOf(request: TurnRequest): Promise<TurnCost>;
  /**
   * Settles what a dead attempt has left of a turn that nobody goes on with: its call is booked by estimate, and its place at the
   * model becomes free. `text` is what readers have of the turn. To do it again changes nothing.
   */
  abandon(request: Paying & { turn: string }, text: string): Promise<void>;
  /** The turns of a run of which a call is under way, or has died. */
  unsettledTurns(run: Paying): Promise<string[]>;
}

export function createAdmission(chat: Chat, reuse: Reuse, options: AdmissionOptions): Admission {
  return {
    async carryOut(planned) {
      const kept = await reuse.find(planned);
      if (kept) return { reply: kept, cost: { usd: 0, tokens: 0, estimated: false }, cached: true };
      const admitted = new AdmittedCall(options, planned);
      const granted = await admitted.ask();
      let reply: ChatResult;
      try {
        const { candidate, messages, temperature, request, signal, onText } = planned;
        const call = { ...candidate, ...granted, messages, temperature, scope: request, signal, onText };
        reply = await admitted.whileRenewing(() => chat(call));
      } catch (error) {
        await admitted.failed(error);
        throw error;
      }
      const [spent] = await Promise.all([admitted.succeeded(reply), reuse.keep(planned, reply)]);
      return { reply, cost: toCost(spent), cached: false };
    },

    async costOf(request) {
      return toCost(await options.ledger.turnSpent(payerOf(request), request.turn));
    },

    async abandon(request, text) {
      const { limiter, ledger } = options;
      const left = await ledger.abandon(payerOf(request), request.turn, estimateTokens(text));
      if (left) await limiter.report({ ...left, turn: nameOfTurn(request) }, { outcome: 'neutral' }, 0, undefined);
    },

    unsettledTurns: (run) => options.ledger.heldTurns(payerOf(run)),
  };
}

function toCost({ usd, tokens, estimated, unpriced }: Spent): TurnCost {
  return { usd: unpriced > 0 ? null : usd, tokens, estimated: estimated > 0 };
}
