/** Answers that may be given again: the caller has allowed it, and the question is the same to the last character. */
import { createHash } from 'node:crypto';
import type { RedisConnection } from './connect';
import { answerKey } from './keys';

export interface Answers {
  /** `question` is all that the answer depends on, as JSON values; each account has answers of its own. */
  find(account: string, question: unknown): Promise<unknown>;
  keep(account: string, question: unknown, answer: unknown): Promise<void>;
}

/** Answers are kept for so many seconds. */
export function createAnswers(redis: RedisConnection, ttlSeconds: number): Answers {
  const keyOf = (account: string, question: unknown) =>
    answerKey(account, createHash('sha256').update(JSON.stringify(question)).digest('hex'));
  return {
    async find(account, question) {
      const kept = await redis.get(keyOf(account, question));
      return kept === null ? undefined : (JSON.parse(kept) as unknown);
    },
    async keep(account, question, answer) {
      await redis.set(keyOf(account, question), JSON.stringify(answer), 'EX', ttlSeconds);
    },
  };
}
