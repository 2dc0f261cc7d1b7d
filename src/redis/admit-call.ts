/**
 * The Lua script before a call of a model: may it go out now? One model's keys share a hash slot.
 *
 * The log of calls holds the moment of each call within the window, so that no window of that length holds more than the limit,
 * wherever it begins. Turns that must wait stand in a queue ordered by start tags (start-time fair queueing, Goyal et al. 1996):
 * each session's next place lies as far behind its last one, and a new session's first as far behind now, as its tenant has
 * sessions in the queue, so that neither a run that fans out nor a tenant with many sessions gains a share. Nobody is woken: each is told when its turn should come, and is
 * passed over when it has not come back by then and some grace.
 */

/** What both scripts begin with. KEYS health, calls, spent, open, queue, dues, waiters. */
export const MODEL = `
local health, calls, spent, open, queue, dues, waiters = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(x) return tonumber(x or 0) or 0 end
local function read(field) return number(redis.call('HGET', health, field)) end
`;

/** Health and limits fade when nobody calls the model any more, the queue when nobody waits. Milliseconds. */
export const TTL = 3600_000;
/** How long after the moment that it was told a waiter still keeps its place. */
const GRACE = 10_000;
/** Between the restarts of turns that a refusal has held up, at first. Milliseconds. */
export const SHORTEST_PACE = 250;
/** The log is read no further than this for an estimate. */
const WALK = 200;

/**
 * ARGV turn, call, tenant, session, tokens, limits (requests, tokens, calls at once; 0 for none), window, lease of an open call,
 * lease of a probe, patience; all times in milliseconds.
 * Answers {'ok'}, {'wait', ms, turns ahead, why}, or with ms, words and code: 'cooling', 'open' or 'probing'.
 */
export const admitCall = `${MODEL}
local turn, call, tenant, session = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local tokens, max_calls, max_tokens, max_open = number(ARGV[5]), number(ARGV[6]), number(ARGV[7]), number(ARGV[8])
local window, lease, probe_lease, patience = number(ARGV[9]), number(ARGV[10]), number(ARGV[11]), number(ARGV[12])
local h = redis.call('HMGET', health, 'open_until', 'cool_until', 'probe_until', 'words', 'code', 'pace', 'paced_at', 'used', 'reset_at')
local open_until, cool_until, probe_until = number(h[1]), number(h[2]), number(h[3])
local pace, paced_at, used = number(h[6]), number(h[7]), number(h[8])

if open_until > now then return {'open', open_until - now, h[4] or '', h[5] or ''} end
if open_until > 0 and probe_until > now then return {'probing', math.min(probe_until - now, 1000), h[4] or '', h[5] or ''} end
if cool_until > now and number(h[9]) - now > patience then return {'cooling', number(h[9]) - now, h[4] or '', h[5] or ''} end

local windowed = max_calls > 0 or max_tokens > 0
if windowed then
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', calls, '-inf', now - window)) do
    used = used - number(redis.call('HGET', spent, gone))
    redis.call('HDEL', spent, gone)
  end
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', now - window)
end
local running = 0
if max_open > 0 then
  redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
  local former = redis.call('HGET', spent, 'open:' .. turn)
  if former then
    redis.call('ZREM', open, former)
    redis.call('HDEL', spent, 'open:' .. turn)
  end
  running = redis.call('ZCARD', open)
end

local function leave(who)
  redis.call('ZREM', queue, who)
  redis.call('ZREM', dues, who)
  redis.call('HDEL', waiters, 'tokens:' .. who, 'flow:' .. who)
end
local length = redis.call('ZCARD', queue)
if length > 0 then
  for _, late in ipairs(redis.call('ZRANGEBYSCORE', dues, '-inf', now - ${GRACE})) do
    if late ~= turn then leave(late) end
  end
  length = redis.call('ZCARD', queue)
end
local flow = tenant .. '\\n' .. session
local ahead = redis.call('ZRANK', queue, turn)
local queued = ahead ~= false
local tag, sessions = 0, 1
if not queued then
  ahead = 0
  if length > 0 then
    local known = {[flow] = true}
    for _, value in ipairs(redis.call('HVALS', waiters)) do
      if string.sub(value, 1, #tenant + 1) == tenant .. '\\n' and not known[value] then
        known[value] = true
        sessions = sessions + 1
      end
    end
    local last = redis.call('HGET', waiters, 'last:' .. flow)
    tag = math.max(read('virtual_time') + (last and 0 or sessions - 1), number(last))
    ahead = redis.call('ZCOUNT', queue, '-inf', tag)
  end
end

local wait, why = 0, ''
local function hold(reason, until_then)
  if until_then - now > wait then wait, why = until_then - now, reason end
end
-- who has waited goes out at twice the average rate at most, and after a refusal at a pace that refusals slow down
local spread = (length > 0 or now < cool_until + 1000) and pace or 0
if cool_until > now or (length > 0 and now < cool_until + 1000) then spread = math.max(spread, ${SHORTEST_PACE}) end
if max_calls > 0 and length > 0 then spread = math.max(spread, window / max_calls / 2) end
if spread > 0 or cool_until > now then
  hold(cool_until > now and 'cooldown' or 'pace', math.max(paced_at + spread, cool_until) + ahead * spread)
end
if max_calls > 0 then
  local over = redis.call('ZCARD', calls) + ahead - max_calls
  if over >= 0 then
    local place = over % max_calls
    local first = redis.call('ZRANGE', calls, place, place, 'WITHSCORES')
    hold('requests', number(first[2] or now) + window * (math.floor(over / max_calls) + 1))
  end
end
if max_tokens > 0 and (used > 0 or ahead > 0) then
  local over = used + tokens - max_tokens
  for _, other in ipairs(redis.call('ZRANGE', queue, 0, math.min(ahead, ${WALK}) - 1)) do
    if ahead > 0 then over = over + number(redis.call('HGET', waiters, 'tokens:' .. other)) end
  end
  if over > 0 then
    local log = redis.call('ZRANGE', calls, 0, ${WALK} - 1, 'WITHSCORES')
    local free_at = now + 1000
    for i = 1, #log, 2 do
      over = over - number(redis.call('HGET', spent, log[i]))
      free_at = number(log[i + 1]) + window
      if over <= 0 then break end
    end
    -- calls that end give back what they reserved and did not use: worth another look soon
    hold('tokens', math.max(now + 50, math.min(free_at, now + 5000)))
  end
end
if max_open > 0 and running + ahead >= max_open then
  local duration = read('duration')
  if duration == 0 then duration = 2000 end
  local turns = (running + ahead - max_open + 1) / max_open
  hold('concurrency', now + math.min(math.max(duration * turns, 500), 10000))
end

if wait > 0 then
  wait = math.ceil(math.min(math.max(wait, 50), 60000))
  if not queued then
    redis.call('ZADD', queue, tag, turn)
    redis.call('HSET', waiters, 'tokens:' .. turn, tokens, 'flow:' .. turn, flow, 'last:' .. flow, tag + sessions)
  end
  redis.call('ZADD', dues, now + wait, turn)
  for _, key in ipairs({queue, dues, waiters}) do redis.call('PEXPIRE', key, ${TTL}) end
  return {'wait', wait, ahead, why}
end

if queued then
  local own = number(redis.call('ZSCORE', queue, turn))
  leave(turn)
  if length <= 1 then
    redis.call('DEL', queue, dues, waiters)
    redis.call('HDEL', health, 'virtual_time')
  else
    redis.call('HSET', health, 'virtual_time', string.format('%.17g', math.max(own, read('virtual_time'))))
  end
end
if queued or spread > 0 then redis.call('HSET', health, 'paced_at', now) end
if open_until > 0 then redis.call('HSET', health, 'probe_until', now + probe_lease) end
if windowed then
  redis.call('ZADD', calls, now, call)
  redis.call('PEXPIRE', calls, window + ${TTL})
end
if max_tokens > 0 then
  redis.call('HSET', spent, call, tokens)
  redis.call('HSET', health, 'used', used + tokens)
  redis.call('PEXPIRE', spent, window + ${TTL})
end
if max_open > 0 then
  redis.call('ZADD', open, now + lease, call)
  redis.call('HSET', spent, 'open:' .. turn, call)
  redis.call('PEXPIRE', spent, window + ${TTL})
  redis.call('PEXPIRE', open, lease + ${TTL})
end
if redis.call('EXISTS', health) == 1 then redis.call('PEXPIRE', health, ${TTL}) end
return {'ok'}
`;
