/** Cache of answers. Used only if the caller allows it and the question is identical to the last character. */
import { createHash } from 'node:crypto';
import type { RedisConnection } from './connect';
import { answerKey } from './keys';

export interface Answers {
  /** `question` holds everything that the answer depends on, as JSON values. Answers are kept separately for each account. */
  find(account: string, question: unknown): Promise<unknown>;
  keep(account: string, question: unknown, answer: unknown): Promise<void>;
}

/** Keeps each answer for `ttlSeconds`. */
export function createAnswers(redis: RedisConnection, ttlSeconds: number): Answers {
  const buildKey = (account: string, question: unknown) =>
    answerKey(account, createHash('sha256').update(JSON.stringify(question)).digest('hex'));
  return {
    async find(account, question) {
      const kept = await redis.get(buildKey(account, question));
      return kept === null ? undefined : (JSON.parse(kept) as unknown);
    },
    async keep(account, question, answer) {
      await redis.set(buildKey(account, question), JSON.stringify(answer), 'EX', ttlSeconds);
    },
  };
}
