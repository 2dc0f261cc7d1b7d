/** Who has spent what, and what is held for calls under way: of a run, of a session and of an account, in US dollars and tokens. */
import type { Result } from 'ioredis';
import { CALL_LEASE_MS } from './call-lease';
import type { RedisConnection } from './connect';
import { ledgerKeys } from './keys';
import { abandonBudget, heldTurns, holdBudget, releaseBudget, renewHold, settleBudget } from './ledger-scripts';

/** Whose money it is. `account` is the name of the caller's API key. */
export interface Payer {
  account: string;
  runId: string;
  sessionId: string;
}

/** What a run, a session or an account may use; what is not given is not limited. */
export interface Budget {
  usd?: number | undefined;
  tokens?: number | undefined;
}
export type Budgets = Record<'run' | 'session' | 'account', Budget>;

/** US dollars for one token. */
export interface TokenPrice {
  input: number;
  output: number;
}

/** A call that is about to be made. */
export interface Hold {
  turn: string;
  /** Unique among all calls, and the same when it is held again. */
  call: string;
  gateway: string;
  /** Gateway and model, as one name. */
  model: string;
  price: TokenPrice | undefined;
  promptTokens: number;
  /** Answer tokens that the call would like, and the fewest that are of use. */
  answerTokens: number;
  leastTokens: number;
  /** Tokens of the turn's text so far, and of what earlier attempts had left: what a dead one has produced is charged by it. */
  heardTokens: number;
  foundTokens: number;
  /** Whether the model goes on, and costs on, when we hang up. */
  runsOn: boolean;
  budgets: Budgets;
}

export type Grant =
  | { grant: 'ok'; answerTokens: number }
  | { grant: 'exhausted'; scope: 'run' | 'session' | 'key'; unit: 'usd' | 'tokens' }
  /** It would pay, had not other calls under way hold of it. */
  | { grant: 'busy'; scope: 'run' | 'session' | 'key' }
  /** A budget in dollars, and a model without a price. */
  | { grant: 'unpriced' }
  /** The gateway has refused our key to another turn of this run. */
  | { grant: 'refused'; words: string };

/** What a call has used; `usd` is undefined when nobody knows the price. */
export interface Charge {
  usd: number | undefined;
  tokens: number;
  estimated: boolean;
}

/** What somebody has used: with how many calls in it by estimate, and how many without a price. */
export interface Spent {
  usd: number;
  tokens: number;
  estimated: number;
  unpriced: number;
}

export interface Ledger {
  hold(payer: Payer, hold: Hold): Promise<Grant>;
  /** Says that a call lives: what one holds that is not heard of any more is booked as a whole, until more is known. */
  renew(payer: Payer, call: Pick<Hold, 'call'>): Promise<void>;
  /** Books what a call has used; a call of which nothing is known is booked by estimate. Answers what its turn has used in all. */
  settle(payer: Payer, call: Pick<Hold, 'turn' | 'call'>, charge: Charge | { heardTokens: number }): Promise<Spent>;
  /** Gives back what was held for a call that was not made. */
  release(payer: Payer, call: Pick<Hold, 'call'>): Promise<void>;
  /**
   * Books by estimate what a dead attempt at the turn still holds; `heardTokens` are those of the turn's text. Answers which call that
   * was, and of which model, if anything is known of it.
   */
  abandon(payer: Payer, turn: string, heardTokens: number): Promise<{ call: string; model: string } | undefined>;
  /** The turns of the run of which a call is under way, or has died. */
  heldTurns(payer: Payer): Promise<string[]>;
  /** Notes that a gateway refuses our key: no other turn of the run calls it again. */
  refuseGateway(payer: Payer, gateway: string, words: string): Promise<void>;
  turnSpent(payer: Payer, turn: string): Promise<Spent>;
  spentBy(payer: Payer): Promise<Record<'run' | 'session' | 'account', Spent>>;
}

export type Period = 'total' | 'month' | 'day';

const DAY = 24 * 3600;
const TTL = { run: 30 * DAY, session: 90 * DAY, account: { day: 3 * DAY, month: 92 * DAY, total: 3 * 365 * DAY } };

export const ledgerScripts = {
  holdBudget: { lua: holdBudget, numberOfKeys: 5 },
  settleBudget: { lua: settleBudget, numberOfKeys: 5 },
  releaseBudget: { lua: releaseBudget, numberOfKeys: 5 },
  renewHold: { lua: renewHold, numberOfKeys: 5 },
  abandonBudget: { lua: abandonBudget, numberOfKeys: 5 },
  heldTurns: { lua: heldTurns, numberOfKeys: 5 },
};

/** The order in which amounts are read; see ledger-scripts.ts. */
const FIELDS = ['usd', 'tokens', 'estimated', 'unpriced'];

type Keys = ReturnType<typeof ledgerKeys>;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    holdBudget(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<unknown[], Context>;
    settleBudget(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<string[], Context>;
    releaseBudget(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<number, Context>;
    renewHold(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<number, Context>;
    abandonBudget(...keysAndArguments: [...Keys, ...(string | number)[]]): Result<string[], Context>;
    heldTurns(...keys: Keys): Result<string[], Context>;
  }
}

/** `period` says when the budgets of accounts begin anew (UTC). */
export function createLedger(redis: RedisConnection, period: Period, leaseMs = CALL_LEASE_MS): Ledger {
  const keysOf = ({ account, runId, sessionId }: Payer) => ledgerKeys(account, runId, sessionId, nameOf(period));
  return {
    async hold(payer, hold) {
      const { price, budgets } = hold;
      const limits = [budgets.run, budgets.session, budgets.account];
      const said = [hold.promptTokens, hold.answerTokens, hold.leastTokens, hold.heardTokens, hold.runsOn ? 1 : 0];
      const reply = await redis.holdBudget(
        ...keysOf(payer),
        ...[hold.call, hold.turn, price?.input ?? '', price?.output ?? '', ...said],
        ...[leaseMs, TTL.run, TTL.session, TTL.account[period]],
        ...limits.flatMap(({ usd, tokens }) => [usd ?? '', tokens ?? '']),
        hold.gateway,
        hold.foundTokens,
        hold.model,
      );
      return readGrant(reply);
    },

    async renew(payer, { call }) {
      await redis.renewHold(...keysOf(payer), call, leaseMs);
    },

    async settle(payer, { call, turn }, charge) {
      const isKnown = 'tokens' in charge;
      const used = isKnown
        ? [charge.usd ?? 0, charge.tokens, 0, charge.estimated ? 1 : 0, charge.usd === undefined ? 1 : 0]
        : ['', '', charge.heardTokens, 1, 0];
      return readSpent(await redis.settleBudget(...keysOf(payer), call, turn, ...used));
    },

    async release(payer, { call }) {
      await redis.releaseBudget(...keysOf(payer), call);
    },

    async abandon(payer, turn, heardTokens) {
      const [call, model] = await redis.abandonBudget(...keysOf(payer), turn, heardTokens);
      return call && model ? { call, model } : undefined;
    },

    heldTurns: (payer) => redis.heldTurns(...keysOf(payer)),

    async refuseGateway(payer, gateway, words) {
      await redis.hset(keysOf(payer)[0], `refused:${gateway}`, words);
    },

    async turnSpent(payer, turn) {
      const fields = FIELDS.map((field) => `${field}:${turn}`);
      return readSpent(await redis.hmget(keysOf(payer)[0], ...fields));
    },

    async spentBy(payer) {
      const [run, session, account] = keysOf(payer);
      const all = await Promise.all([run, session, account].map((key) => redis.hmget(key, ...FIELDS)));
      const [ofRun, ofSession, ofAccount] = all.map(readSpent) as [Spent, Spent, Spent];
      return { run: ofRun, session: ofSession, account: ofAccount };
    },
  };
}

function nameOf(period: Period): string {
  const now = new Date().toISOString();
  return { total: 'total', month: now.slice(0, 7), day: now.slice(0, 10) }[period];
}

function readGrant([grant, second, third]: unknown[]): Grant {
  switch (grant) {
    case 'ok':
      return { grant, answerTokens: Number(second) };
    case 'exhausted':
    case 'busy':
      return { grant, scope: second, unit: third } as Grant;
    case 'refused':
      return { grant, words: String(second) };
    default:
      return { grant: 'unpriced' };
  }
}

function readSpent(values: (string | null)[]): Spent {
  const [usd = 0, tokens = 0, estimated = 0, unpriced = 0] = values.map(Number);
  return { usd, tokens, estimated, unpriced };
}
