/**
 * Makes model calls within limits and budgets: one round trip to Redis before a call, one after it.
 *
 * A call that is not allowed now fails with a delay, as if the gateway had refused it, so the turn waits without occupying a worker. The
 * outcome of each call is shared with all workers and its cost is booked, also when the call fails.
 */
import { STRUCTURE_SCHEMAS, type NamedSchema } from '../contract/structure-schemas';
import type { RunSpending, TurnRequest } from '../contract';
import type { Chat, ChatResult } from '../gateway/chat';
import type { Spent } from '../redis/ledger';
import { estimateTokens } from '../redis/conversation-window';
import { AdmittedCall, type AdmissionOptions } from './admitted-call';
import { nameOfTurn, toPayer, type Paying, type PlannedCall } from './planned-call';
import type { Reuse } from './answer-cache';

/** Tokens and cost of all calls of a turn; `usd` is null if the price of one call is unknown. */
interface TurnCost {
  tokens: number;
  usd: number | null;
  estimated: boolean;
}

/** A reply with its turn's cost. `cached`: no model was called. `shortenedBy`: the budget that cut the answer off. */
export interface Carried {
  reply: ChatResult;
  cost: TurnCost;
  cached: boolean;
  shortenedBy?: string | undefined;
}

export interface Admission {
  /**
   * Makes a call if limits, health and budgets allow it, or returns a cached answer if the caller allows that. Throws
   * `GatewayFailure` if the call is not allowed, and rethrows errors of the call itself.
   */
  execute(planned: PlannedCall): Promise<Carried>;
  /** The cost of the turn's calls so far. */
  readCost(request: TurnRequest): Promise<TurnCost>;
  /**
   * Settles the call of a dead attempt at a turn that will not be continued: books an estimated cost and frees the model's slot.
   * `text` is the turn's text as readers have it. Idempotent.
   */
  abandon(request: Paying & { turn: string }, text: string): Promise<void>;
  /**
   * Returns the turns of an ending run that have a running or dead call. Also writes the run's own record of its spending to the ledger, so
   * that usage lost by Redis is counted again.
   */
  unsettledTurns(run: Paying, spent: RunSpending): Promise<string[]>;
}

export function createAdmission(chat: Chat, reuse: Reuse, options: AdmissionOptions): Admission {
  return {
    async execute(planned) {
      const kept = await reuse.find(planned);
      if (kept) return { reply: kept, cost: { usd: 0, tokens: 0, estimated: false }, cached: true };
      const admitted = new AdmittedCall(options, planned);
      const granted = await admitted.ask();
      let reply: ChatResult;
      try {
        const { candidate, messages, temperature, request, signal, onText, onThinking, onRetract } = planned;
        const { shown: text, how = 'instruct' } = planned;
        const call = {
          ...{ ...candidate, ...granted.chat, ...chooseFormat(planned), messages, temperature, scope: request, signal },
          ...{ onText, ...(onThinking ? { onThinking } : {}), ...(onRetract ? { onRetract } : {}) },
          ...(text.trim() ? { continues: { text, how } } : {}),
        };
        reply = await admitted.whileRenewing(() => chat(call));
      } catch (error) {
        await admitted.failed(error);
        throw error;
      }
      const [spent] = await Promise.all([admitted.succeeded(reply), reuse.keep(planned, reply)]);
      const shortenedBy = reply.finishReason === 'length' ? granted.shortenedBy : undefined;
      return { reply, cost: toCost(spent), cached: false, shortenedBy };
    },

    async readCost(request) {
      return toCost(await options.ledger.turnSpent(toPayer(request), request.turn));
    },

    async abandon(request, text) {
      const { limiter, ledger } = options;
      const left = await ledger.abandon(toPayer(request), request.turn, estimateTokens(text));
      if (left) await limiter.report({ ...left, turn: nameOfTurn(request) }, { outcome: 'neutral' }, 0, undefined);
    },

    async unsettledTurns(run, spent) {
      const payer = toPayer(run);
      const [turns] = await Promise.all([options.ledger.heldTurns(payer), options.ledger.record(payer, spent)]);
      return turns;
    },
  };
}

/** No format for a continuation: the rest of an answer is not a complete structure. */
function chooseFormat({ request: { structure }, shown }: PlannedCall): { format?: NamedSchema } {
  return structure && shown === '' ? { format: STRUCTURE_SCHEMAS[structure] } : {};
}

function toCost({ usd, tokens, estimated, unpriced }: Spent): TurnCost {
  return { usd: unpriced > 0 ? null : usd, tokens, estimated: estimated > 0 };
}
