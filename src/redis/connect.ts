/** Opens connections to Redis that have the Lua scripts registered. */
import { Redis } from 'ioredis';
import { scripts } from './scripts';

/** A connection that has the Lua scripts registered. */
export type RedisConnection = Redis;

export interface ConnectOptions {
  url: string;
  /**
   * `true`: a command waits until Redis is back (a worker in the middle of a stream must not lose its text).
   * `false`: it fails after a short time (an API caller gets a 503).
   */
  patient: boolean;
  /** CA certificates and client certificate of a `rediss://` connection; without `ca`, the well-known CAs apply. */
  tls?: { ca?: string[]; cert?: string; key?: string };
  onError?: (error: Error) => void;
}

/** Connects in the background. Commands sent before the connection is established are queued. */
export function connectRedis({ url, patient, tls, onError }: ConnectOptions): RedisConnection {
  const redis = new Redis(url, {
    ...(tls && url.startsWith('rediss://') ? { tls } : {}),
    scripts,
    maxRetriesPerRequest: patient ? null : 2,
    retryStrategy: (times) => Math.min(50 * times, 500),
    // a restarting server briefly replies LOADING or READONLY: reconnect and send the command again
    reconnectOnError: (error) => (/^(READONLY|LOADING)/.test(error.message) ? 2 : false),
  });
  redis.on('error', (error: Error) => onError?.(error));
  return redis;
}
