/** Payers and holds for tests of the ledger, with unique names. */
import { randomUUID } from 'node:crypto';
import type { Hold, Payer } from '../../src/redis/ledger';

export function newPayer(more: Partial<Payer> = {}): Payer {
  const id = randomUUID();
  return { account: `account-${id}`, runId: `run-${id}`, sessionId: `session-${id}`, ...more };
}

/** Without budgets, for 100 prompt tokens and 100 answer tokens. */
export function newHold(more: Partial<Hold> = {}): Hold {
  const turn = more.turn ?? `turn-${randomUUID()}`;
  return {
    turn,
    call: `${turn}|1|0`,
    gateway: 'gateway',
    model: 'gateway/model',
    price: { input: 0.001, output: 0.002 },
    promptTokens: 100,
    answerTokens: 100,
    leastTokens: 10,
    receivedTokens: 0,
    foundTokens: 0,
    runsOn: false,
    budgets: { run: {}, session: {}, account: {} },
    ...more,
  };
}
