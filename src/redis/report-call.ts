/** The Lua scripts after a call of a model: what became of it, and what that says about the model. */
import { MODEL, SHORTEST_PACE, TTL } from './admit-call';

/** Failures in a row after which a model is left alone, and for how long at first and at most. */
const FAILURES = 5;
const [SHORTEST_BREAK, LONGEST_BREAK] = [1000, 10_000];
/** A longer pause is asked about again after this time: quotas are raised, and days end. */
const LONGEST_PAUSE = 60_000;
/** Between the restarts of turns that were refused, at most. */
const LONGEST_PACE = 4000;

/**
 * ARGV turn, call, tokens ('' when unknown), outcome ('ok', 'ill', 'cool', 'neutral'), milliseconds to the first token ('' for none), milliseconds that the
 * call took, milliseconds to cool down, code and words of a failure.
 */
export const reportCall = `${MODEL}
local turn, call, tokens, outcome = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('HGET', spent, 'open:' .. turn) == call then redis.call('HDEL', spent, 'open:' .. turn) end
redis.call('ZREM', open, call)
local reserved = redis.call('HGET', spent, call)
if reserved and tokens ~= '' then
  redis.call('HSET', spent, call, tokens)
  redis.call('HSET', health, 'used', read('used') + number(tokens) - number(reserved))
end
local function average(field, value)
  local known = read(field)
  redis.call('HSET', health, field, known == 0 and value or math.floor(known * 0.8 + value * 0.2 + 0.5))
end
local open_until = read('open_until')
if outcome == 'ok' then
  if ARGV[5] ~= '' then average('first_token', math.max(1, number(ARGV[5]))) end
  average('duration', math.max(1, number(ARGV[6])))
  redis.call('HDEL', health, 'failures', 'open_until', 'breaks', 'probe_until')
  local pace = math.floor(read('pace') * 0.8)
  local is_over = now > read('cool_until') + 1000 and redis.call('ZCARD', queue) == 0
  if pace >= 50 and not is_over then redis.call('HSET', health, 'pace', pace) else redis.call('HDEL', health, 'pace') end
elseif outcome == 'cool' then
  local contended = read('cool_until') > now or redis.call('ZCARD', queue) > 0
  local cool_until = now + math.min(number(ARGV[7]), ${LONGEST_PAUSE})
  if cool_until > read('cool_until') then
    redis.call('HSET', health, 'cool_until', cool_until, 'reset_at', now + number(ARGV[7]), 'code', ARGV[8], 'words', ARGV[9])
  end
  -- a turn that is refused alone comes back alone; of several, refusals of the same moment are one
  if contended and now - read('slowed_at') > 1000 then
    redis.call('HSET', health, 'pace', math.min(math.max(read('pace') * 2, ${SHORTEST_PACE}), ${LONGEST_PACE}), 'slowed_at', now)
  end
  redis.call('HDEL', health, 'probe_until')
elseif outcome == 'ill' and open_until <= now then
  local failures = redis.call('HINCRBY', health, 'failures', 1)
  if failures >= ${FAILURES} or open_until > 0 then
    local breaks = redis.call('HINCRBY', health, 'breaks', 1)
    local ms = math.min(${SHORTEST_BREAK} * 2 ^ (breaks - 1), ${LONGEST_BREAK})
    redis.call('HSET', health, 'open_until', now + ms, 'code', ARGV[8], 'words', ARGV[9])
    redis.call('HDEL', health, 'probe_until')
  end
elseif outcome == 'neutral' then
  redis.call('HDEL', health, 'probe_until')
end
if redis.call('EXISTS', health) == 1 then redis.call('PEXPIRE', health, ${TTL}) end
return 1
`;

/** ARGV turn, call, lease. Keeps the place of a call that lives, unless a later attempt at the turn has taken it over. */
export const renewCall = `${MODEL}
local turn, call, lease = ARGV[1], ARGV[2], number(ARGV[3])
if redis.call('HGET', spent, 'open:' .. turn) ~= call then return 0 end
redis.call('ZADD', open, now + lease, call)
redis.call('PEXPIRE', open, lease + ${TTL})
return 1
`;

/** ARGV turn, call. Takes an admission back that was not used: the call was never sent. */
export const withdrawCall = `${MODEL}
local turn, call = ARGV[1], ARGV[2]
if redis.call('HGET', spent, 'open:' .. turn) == call then redis.call('HDEL', spent, 'open:' .. turn) end
redis.call('ZREM', open, call)
redis.call('ZREM', calls, call)
local reserved = redis.call('HGET', spent, call)
if reserved then
  redis.call('HDEL', spent, call)
  redis.call('HSET', health, 'used', read('used') - number(reserved))
end
redis.call('HDEL', health, 'probe_until')
return 1
`;
