/** Which model stands first for each alias, as the workers say: for labels, so that a run never waits for it. */
import type { ModelNames } from '../contract';
import type { RedisConnection } from '../redis/connect';
import { liveWorkers } from '../redis/workers';

const FRESH_MS = 5000;

/** Answers what was known last, and asks the workers again when that is some seconds old. */
export function createModelNames(redis: RedisConnection): () => ModelNames {
  let known: ModelNames = {};
  let askedAt = 0;
  async function ask(): Promise<void> {
    askedAt = Date.now();
    const [worker] = await liveWorkers(redis);
    known = worker?.models ?? known;
  }
  return () => {
    if (Date.now() - askedAt > FRESH_MS) ask().catch(() => undefined);
    return known;
  };
}
