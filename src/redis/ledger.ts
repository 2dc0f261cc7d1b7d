/** Amounts spent, and amounts held for calls in progress, by run, session and account, in US dollars and tokens. */
import { z } from 'zod';
import type { RunSpending } from '../contract';
import type { RedisConnection } from './connect';
import { ledgerKeys } from './keys';
import { CALL_LEASE_MS } from './limiter';
import { createRecorder, formatPeriod, recordRun, TTL, type ListRecordedRuns, type Period } from './recorded-runs';
import { defineScript, flag, json } from './scripts';

export type { Period };

/** Who pays for a call. `account` is the name of the caller's API key. */
export interface Payer {
  account: string;
  runId: string;
  sessionId: string;
}

/** Limits of a run, a session or an account; an absent limit means unlimited. */
export interface Budget {
  usd?: number | undefined;
  tokens?: number | undefined;
}
/** A call that the gateway rejected before it started does not count. A repeated call counts again. */
interface RunBudget extends Budget {
  calls?: number | undefined;
}
export type Budgets = Record<'session' | 'account', Budget> & { run: RunBudget };

/** US dollars for one token. */
interface TokenPrice {
  input: number;
  output: number;
}

/** A call that is about to be made, and what must be held for it. */
export interface Hold {
  turn: string;
  /** Unique among all calls; stays the same when the call is held again. */
  call: string;
  gateway: string;
  /** Gateway and model, as one name. */
  model: string;
  price: TokenPrice | undefined;
  promptTokens: number;
  /** Answer tokens that the call wants, and the minimum that is useful. */
  answerTokens: number;
  leastTokens: number;
  /** Tokens of the turn's text so far, and of the text that earlier attempts left. A dead attempt is charged by the difference. */
  receivedTokens: number;
  foundTokens: number;
  /** Whether the model keeps generating, and charging, after we disconnect. */
  runsOn: boolean;
  budgets: Budgets;
  /** The run's usage according to its own record, in case Redis lost it. */
  spent?: RunSpending | undefined;
}

const scope = z.enum(['run', 'session', 'key']);
/** Which budget, and which of its units. */
const budgetName = z.object({ scope, unit: z.enum(['usd', 'tokens', 'calls']) });
export type BudgetName = z.infer<typeof budgetName>;

const grant = z.discriminatedUnion('grant', [
  /** `shortenedBy` is the budget that can pay only for fewer tokens than were asked for. */
  z.object({ grant: z.literal('ok'), answerTokens: z.number(), shortenedBy: budgetName.exactOptional() }),
  z.object({ grant: z.literal('exhausted'), ...budgetName.shape }),
  /** The budget could pay for the call, or for more tokens, if other calls in progress did not hold part of it. */
  z.object({ grant: z.literal('busy'), scope }),
  /** A dollar budget applies, but the model has no price. */
  z.object({ grant: z.literal('unpriced') }),
  /** The gateway rejected our key in another turn of this run. */
  z.object({ grant: z.literal('refused'), words: z.string() }),
]);
export type Grant = z.infer<typeof grant>;

/** The usage of a call; `usd` is undefined if the price is unknown. */
interface Charge {
  usd: number | undefined;
  tokens: number;
  estimated: boolean;
}

/** A stored value that is not a number counts as 0. */
const amount = z.coerce.number().catch(0);
/** An amount spent, with the number of calls in it that are estimated, and of those without a price. */
const spent = z.object({ usd: amount, tokens: amount, estimated: amount, unpriced: amount });
export type Spent = z.infer<typeof spent>;

export interface Ledger {
  hold(payer: Payer, hold: Hold): Promise<Grant>;
  /**
   * Renews the hold of a call in progress. A hold that is no longer renewed is booked in full until more is known. A call that Redis has
   * lost is held again.
   */
  renew(payer: Payer, hold: Hold): Promise<void>;
  /**
   * Books the usage of a call, by estimate if the usage is unknown. Returns the turn's total usage. A call that Redis has lost is booked
   * like any other.
   */
  settle(payer: Payer, hold: Hold, charge: Charge | { receivedTokens: number }): Promise<Spent>;
  /** Releases the hold of a call that was not made. */
  release(payer: Payer, call: Pick<Hold, 'call'>): Promise<void>;
  /**
   * Books by estimate what a dead attempt at the turn still holds; `receivedTokens` counts the turn's text. Returns that call and
   * its model, if known.
   */
  abandon(payer: Payer, turn: string, receivedTokens: number): Promise<{ call: string; model: string } | undefined>;
  /** Returns the run's turns whose call is in progress or has died. */
  heldTurns(payer: Payer): Promise<string[]>;
  /** Records the usage of an ended run according to its own record. Changes nothing unless Redis has lost part of it. */
  record(payer: Payer, spent: RunSpending): Promise<void>;
  /** Records that a gateway rejects our key: other turns of the run skip it for {@link REFUSAL_MS}, since keys get replaced. */
  refuseGateway(payer: Payer, gateway: string, words: string): Promise<void>;
  turnSpent(payer: Payer, turn: string): Promise<Spent>;
  spentBy(payer: Payer): Promise<Record<'run' | 'session' | 'account', Spent>>;
}

/** How long a gateway with a rejected key is not called again. */
const REFUSAL_MS = 60_000;

interface HoldBudget extends Hold {
  leaseMs: number;
  ttlSeconds: Record<'run' | 'session' | 'account', number>;
  needsRecords: boolean;
  isUnderWay: boolean;
}
interface SettleBudget {
  call: string;
  turn: string;
  used?: { usd: number; tokens: number; isEstimated: boolean; isUnpriced: boolean };
  receivedTokens?: number;
}

const recordsNeeded = z.object({ grant: z.literal('unknown') });
const settled = spent.extend({ isLost: z.boolean() });
const abandoned = z.object({ call: z.string().optional(), model: z.string().optional() });

const holdBudget = defineLedgerScript<HoldBudget, Grant | z.infer<typeof recordsNeeded>>(
  'hold-budget',
  z.union([grant, recordsNeeded]),
);
const settleBudget = defineLedgerScript<SettleBudget, z.infer<typeof settled>>('settle-budget', settled);
const releaseBudget = defineLedgerScript<{ call: string }, object>('release-budget', z.object({}));
const abandonBudget = defineLedgerScript<{ turn: string; receivedTokens: number }, z.infer<typeof abandoned>>(
  'abandon-budget',
  abandoned,
);
const renewHold = defineScript<{ call: string; turn: string; leaseMs: number }, boolean>('renew-hold', flag);
const listHeldTurns = defineScript<object, string[]>('list-held-turns', z.array(z.string()));

/**
 * Defines a script that also settles other calls. The scopes of another run's call, or of a call in an earlier period, are known only from
 * its hold. The script then returns those keys, and is called again with them.
 */
function defineLedgerScript<Args extends object, Reply>(name: string, reply: z.ZodType<Reply>) {
  const undeclared = z.object({ undeclared: z.array(z.string()) });
  const shape = z.union([undeclared, reply.transform((value) => ({ value }))]);
  const call = defineScript<Args, z.infer<typeof shape>>(name, json(shape));
  return async function callWithScopes(redis: RedisConnection, keys: readonly string[], args: Args): Promise<Reply> {
    const answer = await call(redis, keys, args);
    return 'value' in answer ? answer.value : callWithScopes(redis, [...keys, ...answer.undeclared], args);
  };
}

/** `period` determines when the account budgets reset (UTC). */
export function createLedger(
  redis: RedisConnection,
  period: Period,
  leaseMs = CALL_LEASE_MS,
  recordedRuns?: ListRecordedRuns,
): Ledger {
  const listKeys = ({ account, runId, sessionId }: Payer) =>
    ledgerKeys(account, runId, sessionId, formatPeriod(period));
  const record = recordedRuns && createRecorder(redis, period, recordedRuns);
  const ttlSeconds = { run: TTL.run, session: TTL.session, account: TTL.account[period] };

  /** `isUnderWay`: the call was granted before, and Redis has lost it. */
  async function take(payer: Payer, hold: Hold, isUnderWay: boolean): Promise<Grant> {
    const needsRecords = record !== undefined && hasSharedBudget(hold);
    const args = { ...hold, leaseMs, ttlSeconds, needsRecords, isUnderWay };
    const reply = await holdBudget(redis, listKeys(payer), args);
    if (reply.grant !== 'unknown') return reply;
    await record?.(payer.account);
    return take(payer, hold, isUnderWay);
  }

  return {
    hold: (payer, hold) => take(payer, hold, false),

    async renew(payer, hold) {
      const { call, turn } = hold;
      const isKnown = await renewHold(redis, listKeys(payer), { call, turn, leaseMs });
      if (!isKnown) await take(payer, hold, true);
    },

    async settle(payer, hold, charge) {
      const { call, turn } = hold;
      const book = () => settleBudget(redis, listKeys(payer), { call, turn, ...describeCharge(charge) });
      const { isLost, ...total } = await book();
      if (!isLost) return total;
      await take(payer, hold, true);
      return spent.parse(await book());
    },

    async release(payer, { call }) {
      await releaseBudget(redis, listKeys(payer), { call });
    },

    async abandon(payer, turn, receivedTokens) {
      const { call, model } = await abandonBudget(redis, listKeys(payer), { turn, receivedTokens });
      return call && model ? { call, model } : undefined;
    },

    heldTurns: (payer) => listHeldTurns(redis, listKeys(payer), {}),

    async record(payer, { usd, tokens }) {
      await recordRun(redis, listKeys(payer), { usd, tokens, ttlSeconds });
    },

    async refuseGateway(payer, gateway, words) {
      const until = Date.now() + REFUSAL_MS;
      await redis.hset(listKeys(payer)[0], { [`refused:${gateway}`]: words, [`refused_until:${gateway}`]: until });
    },

    turnSpent: (payer, turn) => readSpent(redis, listKeys(payer)[0], `:${turn}`),

    async spentBy(payer) {
      const [run, session, account] = listKeys(payer);
      const [ofRun, ofSession, ofAccount] = await Promise.all([
        readSpent(redis, run),
        readSpent(redis, session),
        readSpent(redis, account),
      ]);
      return { run: ofRun, session: ofSession, account: ofAccount };
    },
  };
}

/** Returns whether the usage of other runs counts against the call. */
function hasSharedBudget({ budgets: { session, account } }: Hold): boolean {
  return [session, account].some(({ usd, tokens }) => (usd ?? tokens) !== undefined);
}

function describeCharge(charge: Charge | { receivedTokens: number }): Pick<SettleBudget, 'used' | 'receivedTokens'> {
  if (!('tokens' in charge)) return { receivedTokens: charge.receivedTokens };
  const { usd, tokens, estimated } = charge;
  return { used: { usd: usd ?? 0, tokens, isEstimated: estimated, isUnpriced: usd === undefined } };
}

/** Reads the usage of a scope, or with a suffix, of a turn in it. */
async function readSpent(redis: RedisConnection, scopeKey: string, suffix = ''): Promise<Spent> {
  const fields = spent.keyof().options;
  const values = await redis.hmget(scopeKey, ...fields.map((field) => `${field}${suffix}`));
  return spent.parse(Object.fromEntries(fields.map((field, i) => [field, values[i]])));
}
