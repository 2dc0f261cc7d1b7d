/** The Lua scripts of sessions: whose turn it is to speak, and what a session remembers. */
import type { Result } from 'ioredis';

/** KEYS queue; ARGV run, ttl, '1' to take a place only in an empty queue. Answers the runs ahead. */
const enterSession = `
local ahead = redis.call('LRANGE', KEYS[1], 0, -1)
for i, run in ipairs(ahead) do
  if run == ARGV[1] then return {unpack(ahead, 1, i - 1)} end
end
if #ahead == 0 or ARGV[3] == '' then redis.call('RPUSH', KEYS[1], ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return ahead
`;

/**
 * KEYS session messages, session runs, session memory; ARGV run id, ttl, kept messages, a name for the session's life if it begins
 * now, then the messages. A run's messages are stored once; what falls out is counted, so that every message keeps its number.
 */
const storeConversation = `
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HSETNX', KEYS[3], 'born', ARGV[4])
for i = 5, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
local over = redis.call('LLEN', KEYS[1]) - tonumber(ARGV[3])
if over > 0 then
  redis.call('LTRIM', KEYS[1], over, -1)
  redis.call('HINCRBY', KEYS[3], 'dropped', over)
end
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[2]) end
return 1
`;

/** KEYS session memory; ARGV the session's life, where the summary before ends, where this one does, its text, the time. */
const storeSummary = `
local state = redis.call('HMGET', KEYS[1], 'born', 'covers')
if state[1] ~= ARGV[1] or (state[2] or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'covers', ARGV[3], 'summary', ARGV[4], 'at', ARGV[5])
return 1
`;

/**
 * KEYS session memory; ARGV the session's life, where the summary before ends, the stretches that were given up before, how many
 * messages the next one may have, the time.
 */
const giveUpStretch = `
local state = redis.call('HMGET', KEYS[1], 'born', 'covers', 'failed')
if state[1] ~= ARGV[1] or (state[2] or '0') ~= ARGV[2] or (state[3] or '0') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'failed', ARGV[3] + 1, 'most', ARGV[4], 'failed_at', ARGV[5])
return 1
`;

export const sessionScripts = {
  enterSession: { lua: enterSession, numberOfKeys: 1 },
  storeConversation: { lua: storeConversation, numberOfKeys: 3 },
  storeSummary: { lua: storeSummary, numberOfKeys: 1 },
  giveUpStretch: { lua: giveUpStretch, numberOfKeys: 1 },
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    enterSession(queue: string, run: string, ttl: number, onlyIfFree: string): Result<string[], Context>;
    storeConversation(
      messages: string,
      runs: string,
      memory: string,
      ...rest: (string | number)[]
    ): Result<number, Context>;
    storeSummary(memory: string, ...rest: (string | number)[]): Result<number, Context>;
    giveUpStretch(memory: string, ...rest: (string | number)[]): Result<number, Context>;
  }
}
