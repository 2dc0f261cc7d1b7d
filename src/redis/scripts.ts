/**
 * The Lua scripts: each is one atomic step of the exactly-once protocol (ARCHITECTURE.md, "Exactly once").
 *
 * A stream id is `<generation>-<seq>`: the generation is the millisecond at which the stream was made, and seq counts its
 * entries from 1 without a gap. A stream that was lost and made again therefore has another generation, which unmasks both
 * an old cursor and a writer that began before the loss.
 */
import type { Result } from 'ioredis';

const ENSURE_GENERATION = `
local function ensure_generation(run)
  local generation = redis.call('HGET', run, 'generation')
  if not generation then
    local now = redis.call('TIME')
    generation = tostring(now[1] * 1000 + math.floor(now[2] / 1000))
    redis.call('HSET', run, 'generation', generation, 'seq', 0)
  end
  return generation
end
`;

/** KEYS run, turn, text, events; ARGV ttl. Takes the next epoch of a turn and tells what earlier attempts left. */
const beginAttempt = `
${ENSURE_GENERATION}
local generation = ensure_generation(KEYS[1])
if redis.call('HEXISTS', KEYS[1], 'closed') == 1 then return {'closed'} end
local epoch = redis.call('HINCRBY', KEYS[2], 'epoch', 1)
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[1]) end
local state = redis.call('HMGET', KEYS[2], 'next', 'result', 'route')
return {'ok', generation, epoch, tonumber(state[1] or 0), redis.call('GET', KEYS[3]) or '', state[2] or '', state[3] or ''}
`;

/**
 * KEYS events, run, turn, text; ARGV generation, epoch, index of the first event, then for each event its JSON and its effect:
 * '' none, '+text' adds to the turn's text, '!' drops it, '=json' records the turn's result, '~json' its route.
 * An older epoch or generation is refused; an index that is already written is passed over.
 */
const appendTurnEvents = `
if redis.call('HGET', KEYS[2], 'generation') ~= ARGV[1] then return {'lost'} end
if redis.call('HEXISTS', KEYS[2], 'closed') == 1 then return {'closed'} end
local state = redis.call('HMGET', KEYS[3], 'epoch', 'next')
if tonumber(ARGV[2]) < tonumber(state[1] or 0) then return {'fenced', state[1]} end
local first_index = tonumber(ARGV[3])
local next_index = tonumber(state[2] or 0)
if first_index > next_index then return {'lost'} end
for i = 4, #ARGV, 2 do
  local index = first_index + (i - 4) / 2
  if index == next_index then
    local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
    redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. seq, 'e', ARGV[i])
    local effect = string.sub(ARGV[i + 1], 1, 1)
    local value = string.sub(ARGV[i + 1], 2)
    if effect == '+' then redis.call('APPEND', KEYS[4], value)
    elseif effect == '!' then redis.call('DEL', KEYS[4])
    elseif effect == '=' then redis.call('HSET', KEYS[3], 'result', value)
    elseif effect == '~' then redis.call('HSET', KEYS[3], 'route', value) end
    next_index = next_index + 1
  end
end
redis.call('HSET', KEYS[3], 'next', next_index)
-- keys that this call has made live as long as the run's record, which has its time from the beginning
for i = 1, #KEYS do
  if redis.call('TTL', KEYS[i]) == -1 then redis.call('EXPIRE', KEYS[i], math.max(1, redis.call('TTL', KEYS[2]))) end
end
return {'ok'}
`;

/**
 * KEYS events, run, then for a closing event the keys that end with the run; ARGV name, JSON of the event, ttl, '1' to close.
 * Publishes an event of the run once; of several closing events the first holds, and its JSON is the answer.
 */
const appendRunEvent = `
${ENSURE_GENERATION}
local generation = ensure_generation(KEYS[2])
local closed = redis.call('HGET', KEYS[2], 'closed')
if closed then return closed end
if redis.call('HSETNX', KEYS[2], 'once:' .. ARGV[1], '1') == 1 then
  local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
  redis.call('XADD', KEYS[1], generation .. '-' .. seq, 'e', ARGV[2])
end
if ARGV[4] == '1' then redis.call('HSET', KEYS[2], 'closed', ARGV[2]) end
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
return ARGV[2]
`;

/** KEYS session messages, session runs; ARGV run id, ttl, kept messages, then the messages. A run's messages are stored once. */
const storeConversation = `
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
for i = 4, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
`;

export const scripts = {
  beginAttempt: { lua: beginAttempt, numberOfKeys: 4 },
  appendTurnEvents: { lua: appendTurnEvents, numberOfKeys: 4 },
  appendRunEvent: { lua: appendRunEvent },
  storeConversation: { lua: storeConversation, numberOfKeys: 2 },
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    beginAttempt(run: string, turn: string, text: string, events: string, ttl: number): Result<unknown[], Context>;
    appendTurnEvents(
      events: string,
      run: string,
      turn: string,
      text: string,
      ...rest: (string | number)[]
    ): Result<unknown[], Context>;
    appendRunEvent(keys: number, ...keysAndArguments: (string | number)[]): Result<string, Context>;
    storeConversation(messages: string, runs: string, ...rest: (string | number)[]): Result<number, Context>;
  }
}
