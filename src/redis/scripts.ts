/**
 * The Lua scripts of runs and their turns: each is one atomic step of the exactly-once protocol (ARCHITECTURE.md, "Exactly once").
 *
 * A stream id is `<generation>-<seq>`: the generation is the millisecond at which the stream was made, followed by three digits
 * that stand for the run's id; seq counts its entries from 1 without a gap. A stream that was lost or compacted, and made again,
 * has a later generation, which unmasks an old cursor and a cursor of another run.
 *
 * A Redis that was killed may come back without its newest writes, although it had acknowledged them: with `appendfsync everysec`
 * it postpones the write itself while the disk is busy. So each run notes which server process wrote last; where another one
 * answers, the stream goes on under a new generation, and readers who have seen more than it has are told to begin again.
 */
import type { Result } from 'ioredis';

const GENERATIONS = `
local function new_generation(tag)
  local now = redis.call('TIME')
  return string.format('%d', now[1] * 1000 + math.floor(now[2] / 1000)) .. tag
end
local function server_process()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
end
-- the generation of a run's stream, or false where nothing is known of the run
local function current_generation(events, run, tag)
  local state = redis.call('HMGET', run, 'generation', 'server', 'closed')
  local server = server_process()
  if not state[1] or state[2] == server or state[3] then return state[1] end
  local generation = new_generation(tag)
  local entries = redis.call('XRANGE', events, '-', '+')
  local ttl = redis.call('TTL', events)
  redis.call('DEL', events)
  for i, entry in ipairs(entries) do redis.call('XADD', events, generation .. '-' .. i, 'e', entry[2][2]) end
  if ttl > 0 then redis.call('EXPIRE', events, ttl) end
  redis.call('HSET', run, 'generation', generation, 'seq', #entries, 'server', server)
  return generation
end
local function ensure_generation(events, run, tag)
  local generation = current_generation(events, run, tag)
  if not generation then
    generation = new_generation(tag)
    redis.call('HSET', run, 'generation', generation, 'seq', 0, 'server', server_process())
  end
  return generation
end
local function publish_once(events, run, generation, name, event)
  if redis.call('HSETNX', run, 'once:' .. name, '1') == 0 then return end
  redis.call('XADD', events, generation .. '-' .. redis.call('HINCRBY', run, 'seq', 1), 'e', event)
end
`;

/**
 * KEYS run, turn, text, events; ARGV ttl, the run's tag, JSON of the event that opens the run, or '', and a name that only this
 * attempt has. Makes the attempt the owner of the turn, and tells what earlier ones left, and whether the run was opened or cancelled.
 */
const beginAttempt = `
${GENERATIONS}
local generation = ensure_generation(KEYS[4], KEYS[1], ARGV[2])
if redis.call('HEXISTS', KEYS[1], 'closed') == 1 then return {'closed'} end
if ARGV[3] ~= '' then publish_once(KEYS[4], KEYS[1], generation, 'run.started', ARGV[3]) end
local epoch = redis.call('HINCRBY', KEYS[2], 'epoch', 1)
redis.call('HSET', KEYS[2], 'owner', ARGV[4])
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[1]) end
local state = redis.call('HMGET', KEYS[2], 'next', 'result', 'route')
local text = redis.call('GET', KEYS[3]) or ''
local opened = redis.call('HEXISTS', KEYS[1], 'once:run.started')
local cancelled = redis.call('HEXISTS', KEYS[1], 'cancelled')
return {'ok', generation, epoch, tonumber(state[1] or 0), text, state[2] or '', state[3] or '', opened, cancelled}
`;

/**
 * KEYS events, run, turn, text; ARGV the run's tag, the attempt's name, index of the first event, then for each event its JSON and
 * its effect: '' none, '+text' adds to the turn's text, '!' drops it, '=json' records the turn's result, '~json' its route.
 * Only the owner of the turn is heard; an index that is already written is passed over. A name, not the epoch, says who owns it:
 * a Redis that forgot its newest writes would give an epoch away twice.
 */
const appendTurnEvents = `
${GENERATIONS}
local generation = current_generation(KEYS[1], KEYS[2], ARGV[1])
local state = redis.call('HMGET', KEYS[3], 'owner', 'next')
if not generation or not state[1] then return {'lost'} end
if redis.call('HEXISTS', KEYS[2], 'closed') == 1 then return {'closed'} end
if state[1] ~= ARGV[2] then return {'fenced'} end
local first_index = tonumber(ARGV[3])
local next_index = tonumber(state[2] or 0)
if first_index > next_index then return {'lost'} end
for i = 4, #ARGV, 2 do
  local index = first_index + (i - 4) / 2
  if index == next_index then
    local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
    redis.call('XADD', KEYS[1], generation .. '-' .. seq, 'e', ARGV[i])
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
 * KEYS events, run, then for a closing event the keys that end with the run; ARGV name, JSON of the event, ttl, the run's tag, and
 * '' to publish, 'close' to close, 'close-whole' to close unless Redis has lost the beginning of the run or the result of one of
 * its turns: the answer is then ''. ARGV[6] says of how many turns there must be results; their keys are every other one.
 * Publishes an event of the run once; of several closing events the first holds, and its JSON is the answer.
 */
const appendRunEvent = `
${GENERATIONS}
local closed = redis.call('HGET', KEYS[2], 'closed')
if closed then return closed end
if ARGV[5] == 'close-whole' then
  if redis.call('HEXISTS', KEYS[2], 'once:run.started') == 0 then return '' end
  for i = 1, tonumber(ARGV[6]) do
    if redis.call('HEXISTS', KEYS[1 + 2 * i], 'result') == 0 then return '' end
  end
end
publish_once(KEYS[1], KEYS[2], ensure_generation(KEYS[1], KEYS[2], ARGV[4]), ARGV[1], ARGV[2])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'closed', ARGV[2]) end
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
return ARGV[2]
`;

/**
 * KEYS events, run, then keys that are not needed any more; ARGV the place that the stream must be at, ttl, the run's tag, then the
 * events. Puts a closed run's stream in fewer words: as a new generation, so that no old cursor is taken for a place in it.
 */
const compactStream = `
${GENERATIONS}
local state = redis.call('HMGET', KEYS[2], 'generation', 'seq', 'closed')
if not state[3] or state[1] .. '-' .. state[2] ~= ARGV[1] then return 0 end
local generation = new_generation(ARGV[3])
if generation <= state[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 4, #ARGV do redis.call('XADD', KEYS[1], generation .. '-' .. (i - 3), 'e', ARGV[i]) end
redis.call('HSET', KEYS[2], 'generation', generation, 'seq', #ARGV - 3, 'compacted', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
`;

/** KEYS events, run; ARGV the run's tag. The newest place of the stream, and of the longer one that it was compacted from. */
const streamHead = `
${GENERATIONS}
local generation = current_generation(KEYS[1], KEYS[2], ARGV[1])
if not generation then return {} end
return {generation, redis.call('HGET', KEYS[2], 'seq'), redis.call('HGET', KEYS[2], 'compacted') or ''}
`;

export const scripts = {
  beginAttempt: { lua: beginAttempt, numberOfKeys: 4 },
  appendTurnEvents: { lua: appendTurnEvents, numberOfKeys: 4 },
  appendRunEvent: { lua: appendRunEvent },
  compactStream: { lua: compactStream },
  streamHead: { lua: streamHead, numberOfKeys: 2 },
};

declare module 'ioredis' {
  interface RedisCommander<Context> {
    beginAttempt(
      run: string,
      turn: string,
      text: string,
      events: string,
      ...rest: (string | number)[]
    ): Result<unknown[], Context>;
    appendTurnEvents(
      events: string,
      run: string,
      turn: string,
      text: string,
      ...rest: (string | number)[]
    ): Result<unknown[], Context>;
    appendRunEvent(keys: number, ...keysAndArguments: (string | number)[]): Result<string, Context>;
    streamHead(events: string, run: string, tag: string): Result<string[], Context>;
    compactStream(keys: number, ...keysAndArguments: (string | number)[]): Result<number, Context>;
  }
}
