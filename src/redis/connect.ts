/** Opens connections to Redis and teaches them the scripts of this room. */
import { Redis } from 'ioredis';
import { ledgerScripts } from './ledger';
import { limiterScripts } from './limiter';
import { scripts } from './scripts';
import { sessionScripts } from './session-scripts';

/** A connection that knows this room's scripts. */
export type RedisConnection = Redis;

export interface ConnectOptions {
  url: string;
  /**
   * `true`: a command waits for as long as Redis is away (a worker in mid-stream must not lose what it has).
   * `false`: it fails after a moment (a caller gets its 503).
   */
  patient: boolean;
  onError?: (error: Error) => void;
}

/** Connects in the background; commands that come before the connection stands are queued. */
export function connectRedis({ url, patient, onError }: ConnectOptions): RedisConnection {
  const redis = new Redis(url, {
    scripts: { ...scripts, ...sessionScripts, ...limiterScripts, ...ledgerScripts },
    maxRetriesPerRequest: patient ? null : 2,
    retryStrategy: (times) => Math.min(50 * times, 500),
    // a server that restarts answers LOADING or READONLY for a moment: reconnect and send the command again
    reconnectOnError: (error) => (/^(READONLY|LOADING)/.test(error.message) ? 2 : false),
  });
  redis.on('error', (error: Error) => onError?.(error));
  return redis;
}
