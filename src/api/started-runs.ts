/**
 * Announces each started run to all API processes over Redis publish/subscribe. Runs that start while Redis is unavailable are not
 * announced.
 */
import { z } from 'zod';
import type { Logger } from '../log';
import type { RedisConnection } from '../redis/connect';
import { STARTED_CHANNEL } from '../redis/keys';
import { receiveMessages } from '../redis/messages';
import { isRunId } from './run-ids';

const startedRun = z.object({ run_id: z.string().refine(isRunId), tenant: z.string().optional() });
/** `tenant` is the name of the API key that started the run. */
export type StartedRunNotice = z.infer<typeof startedRun>;

export interface StartedRuns {
  announce(run: StartedRunNotice): void;
  /** Calls the listener for each run that is started from now on, on any process. */
  listen(listener: (run: StartedRunNotice) => void): void;
  close(): void;
}

export function createStartedRuns(redis: RedisConnection, log: Logger): StartedRuns {
  const listeners: ((run: StartedRunNotice) => void)[] = [];
  const subscriber = redis.duplicate({ maxRetriesPerRequest: null });
  subscriber.on('error', (error: Error) => log.warn({ reason: error.message }, 'redis connection'));
  // subscribed at startup, so that a new client misses no run that starts right after it connects
  receiveMessages(subscriber, STARTED_CHANNEL, {
    read: (text) => readStartedRun(text) ?? ignore(),
    receive: (run) => listeners.forEach((listener) => listener(run)),
    onError: (error) => log.error({ error }, 'a started run was not announced to its listeners'),
  }).catch((error: unknown) => log.warn({ error }, 'started runs are not announced to listeners'));
  return {
    announce: (run) => void redis.publish(STARTED_CHANNEL, JSON.stringify(run)).catch(() => undefined),
    listen: (listener) => void listeners.push(listener),
    close: () => subscriber.disconnect(),
  };

  function ignore(): undefined {
    log.warn('a message on the channel of started runs is none of ours; it is ignored');
  }
}

/** Undefined for a message that announces no run. A process of an earlier version announces the bare run id. */
export function readStartedRun(text: string): StartedRunNotice | undefined {
  return startedRun.safeParse(text.startsWith('{') ? parseOrNothing(text) : { run_id: text }).data;
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
