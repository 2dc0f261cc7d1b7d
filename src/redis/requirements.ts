/**
 * Checks at startup that Redis supports everything this product needs: each command with its real key and channel names, commands with
 * several keys, and a script. An externally managed Redis may forbid or rename commands, be a cluster node or read-only; runs would hang.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from './connect';
import { readStreamHead } from './events';
import { CANCEL_CHANNEL, probeKey, STARTED_CHANNEL } from './keys';

/** Redis cannot serve this product. The message says why and what to do. */
export class UnfitRedis extends Error {
  override name = 'UnfitRedis';
}

type Try = [command: string, ...args: (string | number)[]];

/** Expiry of the keys that a check writes. Seconds. */
const PROBE_TTL = 60;

/** Every command that is called, inside or outside scripts. Each data type has its own key, all in one slot. */
function listTries(probe: string): Try[] {
  const key = (name: string) => probeKey(probe, name);
  const [text, hash, list, set, sorted, stream] = ['text', 'hash', 'list', 'set', 'sorted', 'stream'].map(key) as [
    ...[string, string, string],
    ...[string, string, string],
  ];
  return [
    ['SET', text, '1', 'EX', PROBE_TTL],
    ...['GET', 'EXISTS', 'TTL', 'PTTL'].map((command): Try => [command, text]),
    ['INCRBY', text, 1],
    ['APPEND', text, '1'],
    ['MGET', text, key('none')],
    ['PEXPIRE', text, PROBE_TTL * 1000],
    ['HSET', hash, 'a', '1', 'b', '2'],
    ['HSETNX', hash, 'c', '3'],
    ['HGET', hash, 'a'],
    ['HMGET', hash, 'a', 'b'],
    ['HEXISTS', hash, 'a'],
    ['HINCRBY', hash, 'a', 1],
    ['HINCRBYFLOAT', hash, 'b', '0.5'],
    ...['HGETALL', 'HVALS'].map((command): Try => [command, hash]),
    ['HDEL', hash, 'c'],
    ['RPUSH', list, 'a', 'b'],
    ['LRANGE', list, 0, -1],
    ['LINDEX', list, 0],
    ['LLEN', list],
    ['LPOP', list],
    ['LREM', list, 0, 'none'],
    ['SADD', set, 'a'],
    ['SMEMBERS', set],
    ['SREM', set, 'none'],
    ['ZADD', sorted, 1, 'a'],
    ['ZCARD', sorted],
    ['ZCOUNT', sorted, 0, 1],
    ['ZRANGE', sorted, 0, -1],
    ['ZRANGEBYSCORE', sorted, 0, 1, 'LIMIT', 0, 1],
    ['ZRANK', sorted, 'a'],
    ['ZSCORE', sorted, 'a'],
    ['ZREM', sorted, 'none'],
    ['ZREMRANGEBYSCORE', sorted, 5, 6],
    ['XADD', stream, 'MAXLEN', 1, '*', 'e', '1'],
    ['XRANGE', stream, '-', '+', 'COUNT', 1],
    ...[hash, list, set, sorted, stream].map((one): Try => ['EXPIRE', one, PROBE_TTL]),
    ['TIME'],
    ['INFO', 'server'],
    ['PUBLISH', CANCEL_CHANNEL, probe],
    ['PUBLISH', STARTED_CHANNEL, probe],
    ['EVAL', "return redis.call('EXISTS', KEYS[1])", 1, text],
    ['DEL', text, hash, list, set, sorted, stream],
  ];
}

/** Commands that are tested indirectly, by the features that use them. */
const TRIED_BY_USE = ['EVALSHA', 'MULTI', 'EXEC', 'XREAD', 'SUBSCRIBE'];

/** Names of all commands that our Redis user must be allowed to run. */
export const NEEDED_COMMANDS: readonly string[] = [
  ...new Set([...listTries('').map(([command]) => command), ...TRIED_BY_USE]),
].sort();

/**
 * Resolves if Redis supports everything needed. Throws {@link UnfitRedis}, naming what is missing, if not, and another error if Redis
 * could not be reached within `patienceMs`.
 */
export async function checkRedis(redis: RedisConnection, patienceMs = 5000): Promise<void> {
  for (const end = Date.now() + patienceMs; ;) {
    try {
      return await tryAll(redis);
    } catch (error) {
      if (error instanceof UnfitRedis || Date.now() > end) throw error;
      await sleep(500);
    }
  }
}

/** Uses separate connections that fail immediately instead of retrying. */
async function tryAll(redis: RedisConnection): Promise<void> {
  const errors = new Map<string, string>();
  const note = (what: string) => (error: unknown) => void errors.set(what, toReply(error));
  await withConnection(redis, note('AUTH'), (own) => tryCommands(own, note));
  await withConnection(redis, note('AUTH'), (own) =>
    own.subscribe(CANCEL_CHANNEL, STARTED_CHANNEL).catch(note('SUBSCRIBE')),
  );
  refuse(errors);
}

async function withConnection(
  redis: RedisConnection,
  noteRefusal: (error: unknown) => void,
  use: (own: RedisConnection) => Promise<unknown>,
): Promise<void> {
  const own = redis.duplicate({
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    enableReadyCheck: false,
    connectTimeout: 5000,
  });
  let last: Error | undefined;
  own.on('error', (error: Error) => (last = error));
  try {
    await own.connect();
    await use(own);
  } catch (error) {
    // a rejected user or password closes the connection
    noteRefusal(last?.name === 'ReplyError' ? last : error);
  } finally {
    own.disconnect();
  }
}

async function tryCommands(own: RedisConnection, note: (what: string) => (error: unknown) => void): Promise<void> {
  const probe = randomUUID();
  await Promise.all(listTries(probe).map(([command, ...args]) => own.call(command, ...args).catch(note(command))));
  const callScript = () => readStreamHead(own, [probeKey(probe, 'none'), probeKey(probe, 'hash')], { tag: '000' });
  // the client sends a script in full on a new connection, and its hash afterwards
  await callScript().catch(note('EVAL'));
  await callScript().catch(note('EVALSHA'));
  // the streams of several runs at once, which are in different slots of a cluster
  const streams = [probeKey(probe, 'none'), probeKey(randomUUID(), 'none')] as const;
  await own.xread('STREAMS', ...streams, 0, 0).catch(note('XREAD'));
  await Promise.all(['MULTI', 'TIME', 'EXEC'].map((command) => own.call(command).catch(note(command))));
}

/** Returns the server's error reply; rethrows a connection error. */
function toReply(error: unknown): string {
  if (error instanceof Error && error.name === 'ReplyError') return error.message;
  throw error;
}

const NOT_ALLOWED =
  /\bNOPERM\b|^ERR unknown command|ACL failure in script|can't run this command|not allowed from script/i;
const IN_SCRIPT = /ACL failure in script|can't run this command|script: /i;
const NO_ACCESS = /permissions? to access|access one of the (?:keys|channels)/i;
const IN_CLUSTER = /^(?:MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/;

/** Throws if the errors show that something needed is missing. Ignores other errors, such as those of a full Redis. */
function refuse(errors: ReadonlyMap<string, string>): void {
  const all = [...errors];
  const those = (kind: RegExp) => all.filter(([, reply]) => kind.test(reply));
  const names = (found: [string, string][]) =>
    dropScripts(found)
      .map(([command]) => command)
      .join(', ');
  if (all.some(([, reply]) => /^(?:NOAUTH|WRONGPASS)\b/.test(reply)))
    throw new UnfitRedis('Redis refuses the user or the password in REDIS_URL.');
  if (those(IN_CLUSTER).length > 0)
    throw new UnfitRedis(
      'REDIS_URL leads to a Redis Cluster, which is not supported: the streams of all runs are read by one command, and lie in many slots there. Use a Redis without cluster mode.',
    );
  if (those(/^READONLY\b/).length > 0)
    throw new UnfitRedis('REDIS_URL leads to a replica, which takes no writes. Name the primary.');
  const closed = those(NO_ACCESS);
  const missing = those(NOT_ALLOWED).filter((one) => !closed.includes(one));
  if (closed.length === 0 && missing.length === 0) return;
  const sentences = [
    missing.length > 0 ? `Redis does not allow commands that are needed: ${names(missing)}.` : [],
    closed.length > 0
      ? `Redis does not allow the keys or channels that are needed for: ${names(closed)}. Grant ~murmuration:* and &murmuration:*.`
      : [],
  ];
  throw new UnfitRedis(sentences.flat().join(' '));
}

/** Drops errors of scripts: a script fails because of a command in it, which its own test already reports. */
function dropScripts(found: [string, string][]): [string, string][] {
  const direct = found.filter(([, reply]) => !IN_SCRIPT.test(reply));
  return direct.length > 0 ? direct : found;
}
