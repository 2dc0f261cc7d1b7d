-- Decides whether a call of a model may go out now.
--
-- The call log holds the time of each call within the window, so that no window of that length exceeds the limit, wherever it starts.
-- Turns that must wait are queued by start tag (start-time fair queueing, Goyal et al. 1996). The distance from a session's last tag to
-- its next one, and from the virtual time to a new session's first tag, grows with the number of sessions that its tenant has queued. So
-- neither a run that fans out nor a tenant with many sessions gains a share. Nothing is pushed to waiters: each is told when to ask again,
-- and loses its place if it has not asked by then plus graceMs.
--
-- Arguments: turn, call, tenant, session, tokens, limits {requests, tokens, concurrency} (0: none), windowMs, leaseMs (of an open
-- call), probeLeaseMs, patienceMs (the longest pause that a turn sits out), graceMs.
-- Returns {verdict = 'ok'}, {verdict = 'wait', waitMs, ahead, why}, or {verdict, waitMs, words, code} with 'open', 'probing' or
-- 'cooling'.
-- @include shared/model

local turn, call, tenant, session, tokens = args.turn, args.call, args.tenant, args.session, to_number(args.tokens)
local max_calls, max_tokens = to_number(args.limits.requests), to_number(args.limits.tokens)
local max_open = to_number(args.limits.concurrency)
local window, flow = args.windowMs, tenant .. '\n' .. session
local has_window = max_calls > 0 or max_tokens > 0

local SHORTEST_WAIT_MS, LONGEST_WAIT_MS = 50, 60000
-- While one call probes a failing model, the others ask again after at most this time.
local PROBE_RETRY_MS = 1000
-- An estimate reads at most this many entries of the log and the queue.
local ESTIMATE_ENTRIES = 200
-- Ended calls give back reserved tokens that they did not use: a call that waits for tokens asks again after this time.
local TOKENS_RETRY_MS = 5000
-- Assumed duration of a call if none has been measured yet.
local ASSUMED_DURATION_MS = 2000
local SHORTEST_OPEN_WAIT_MS, LONGEST_OPEN_WAIT_MS = 500, 10000

local state = redis.call(
  'HMGET', health, 'open_until', 'cool_until', 'probe_until', 'words', 'code', 'pace', 'paced_at', 'used', 'reset_at'
)
local open_until, cool_until, probe_until = to_number(state[1]), to_number(state[2]), to_number(state[3])
local words, code = state[4] or '', state[5] or ''
local pace, paced_at, used, reset_at = to_number(state[6]), to_number(state[7]), to_number(state[8]), to_number(state[9])

-- Returns why the model accepts no calls now, and for how long; or nil.
local function find_refusal()
  if open_until > now then
    return 'open', open_until - now
  end
  if open_until > 0 and probe_until > now then
    return 'probing', math.min(probe_until - now, PROBE_RETRY_MS)
  end
  if cool_until > now and reset_at - now > args.patienceMs then
    return 'cooling', reset_at - now
  end
end

-- Drops the calls that have left the window, and their tokens.
local function forget_old_calls()
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', calls, '-inf', now - window)) do
    used = used - to_number(redis.call('HGET', spent, old))
    redis.call('HDEL', spent, old)
  end
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', now - window)
end

-- Counts the open calls, excluding those whose lease has ended and the turn's own former call, which this attempt replaces.
local function count_open_calls()
  redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
  local former = redis.call('HGET', spent, open_call_field(turn))
  if former then
    redis.call('ZREM', open, former)
    redis.call('HDEL', spent, open_call_field(turn))
  end
  return redis.call('ZCARD', open)
end

local function leave_queue(waiter)
  redis.call('ZREM', queue, waiter)
  redis.call('ZREM', due_times, waiter)
  redis.call('HDEL', waiters, 'tokens:' .. waiter, 'flow:' .. waiter)
end

-- Drops waiters that have not asked again; returns the number of the others.
local function drop_absent_waiters()
  local length = redis.call('ZCARD', queue)
  if length == 0 then
    return 0
  end
  for _, late in ipairs(redis.call('ZRANGEBYSCORE', due_times, '-inf', now - args.graceMs)) do
    if late ~= turn then
      leave_queue(late)
    end
  end
  return redis.call('ZCARD', queue)
end

-- Counts the tenant's sessions in the queue, including this one.
local function count_sessions()
  local known, count = { [flow] = true }, 1
  for _, value in ipairs(redis.call('HVALS', waiters)) do
    if string.sub(value, 1, #tenant + 1) == tenant .. '\n' and not known[value] then
      known[value] = true
      count = count + 1
    end
  end
  return count
end

-- Returns the start tag of a turn that is not queued, and the distance to its session's next tag.
local function compute_tag()
  local sessions = count_sessions()
  local last = redis.call('HGET', waiters, 'last:' .. flow)
  local first = read_health('virtual_time') + (last and 0 or sessions - 1)
  return math.max(first, to_number(last)), sessions
end

local refusal, refused_ms = find_refusal()
if refusal then
  return cjson.encode({ verdict = refusal, waitMs = refused_ms, words = words, code = code })
end
if has_window then
  forget_old_calls()
end
local open_count = max_open > 0 and count_open_calls() or 0
local length = drop_absent_waiters()

local ahead = redis.call('ZRANK', queue, turn)
local is_queued = ahead ~= false
local tag, sessions = 0, 1
if not is_queued then
  ahead = 0
  if length > 0 then
    tag, sessions = compute_tag()
    ahead = redis.call('ZCOUNT', queue, '-inf', tag)
  end
end

local wait, why = 0, nil
local function wait_until(moment, reason)
  if moment - now > wait then
    wait, why = moment - now, reason
  end
end

-- Returns the minimum distance between calls. Queued calls go out at twice the average rate at most. After a refusal they are paced, and
-- further refusals slow the pace down.
local function compute_spread()
  local is_paced = length > 0 and now < cool_until + PACED_AFTER_PAUSE_MS
  local spread = (length > 0 or now < cool_until + PACED_AFTER_PAUSE_MS) and pace or 0
  if cool_until > now or is_paced then
    spread = math.max(spread, SHORTEST_PACE_MS)
  end
  if max_calls > 0 and length > 0 then
    spread = math.max(spread, window / max_calls / 2)
  end
  return spread
end

local function wait_for_request()
  local over = redis.call('ZCARD', calls) + ahead - max_calls
  if over < 0 then
    return
  end
  local place = over % max_calls
  local first = redis.call('ZRANGE', calls, place, place, 'WITHSCORES')
  wait_until(to_number(first[2] or now) + window * (math.floor(over / max_calls) + 1), 'requests')
end

-- Returns by how many tokens this call and those ahead of it exceed the limit.
local function count_excess_tokens()
  local over = used + tokens - max_tokens
  if ahead > 0 then
    for _, other in ipairs(redis.call('ZRANGE', queue, 0, math.min(ahead, ESTIMATE_ENTRIES) - 1)) do
      over = over + to_number(redis.call('HGET', waiters, 'tokens:' .. other))
    end
  end
  return over
end

local function wait_for_tokens()
  local over = count_excess_tokens()
  if over <= 0 then
    return
  end
  local log = redis.call('ZRANGE', calls, 0, ESTIMATE_ENTRIES - 1, 'WITHSCORES')
  local free_at = now + 1000
  for i = 1, #log, 2 do
    over = over - to_number(redis.call('HGET', spent, log[i]))
    free_at = to_number(log[i + 1]) + window
    if over <= 0 then
      break
    end
  end
  wait_until(math.max(now + SHORTEST_WAIT_MS, math.min(free_at, now + TOKENS_RETRY_MS)), 'tokens')
end

local function wait_for_open_call()
  local duration = read_health('duration')
  if duration == 0 then
    duration = ASSUMED_DURATION_MS
  end
  local rounds = (open_count + ahead - max_open + 1) / max_open
  local ms = math.min(math.max(duration * rounds, SHORTEST_OPEN_WAIT_MS), LONGEST_OPEN_WAIT_MS)
  wait_until(now + ms, 'concurrency')
end

local spread = compute_spread()
if spread > 0 or cool_until > now then
  local moment = math.max(paced_at + spread, cool_until) + ahead * spread
  wait_until(moment, cool_until > now and 'cooldown' or 'pace')
end
if max_calls > 0 then
  wait_for_request()
end
-- a call that alone exceeds the limit goes out when the window is empty
if max_tokens > 0 and (used > 0 or ahead > 0) then
  wait_for_tokens()
end
if max_open > 0 and open_count + ahead >= max_open then
  wait_for_open_call()
end

local function enter_queue()
  local ms = math.ceil(math.min(math.max(wait, SHORTEST_WAIT_MS), LONGEST_WAIT_MS))
  if not is_queued then
    redis.call('ZADD', queue, tag, turn)
    redis.call('HSET', waiters, 'tokens:' .. turn, tokens, 'flow:' .. turn, flow, 'last:' .. flow, tag + sessions)
  end
  redis.call('ZADD', due_times, now + ms, turn)
  for _, key in ipairs({ queue, due_times, waiters }) do
    redis.call('PEXPIRE', key, TTL_MS)
  end
  return ms
end

if wait > 0 then
  return cjson.encode({ verdict = 'wait', waitMs = enter_queue(), ahead = ahead, why = why })
end

if is_queued then
  local own_tag = to_number(redis.call('ZSCORE', queue, turn))
  leave_queue(turn)
  if length <= 1 then
    redis.call('DEL', queue, due_times, waiters)
    redis.call('HDEL', health, 'virtual_time')
  else
    redis.call('HSET', health, 'virtual_time', format_number(math.max(own_tag, read_health('virtual_time'))))
  end
end
if is_queued or spread > 0 then
  redis.call('HSET', health, 'paced_at', now)
end
if open_until > 0 then
  redis.call('HSET', health, 'probe_until', now + args.probeLeaseMs)
end
if has_window then
  redis.call('ZADD', calls, now, call)
  redis.call('PEXPIRE', calls, window + TTL_MS)
end
if max_tokens > 0 then
  redis.call('HSET', spent, call, tokens)
  redis.call('HSET', health, 'used', used + tokens)
  redis.call('PEXPIRE', spent, window + TTL_MS)
end
if max_open > 0 then
  redis.call('ZADD', open, now + args.leaseMs, call)
  redis.call('HSET', spent, open_call_field(turn), call)
  redis.call('PEXPIRE', spent, window + TTL_MS)
  redis.call('PEXPIRE', open, args.leaseMs + TTL_MS)
end
keep_health()
return cjson.encode({ verdict = 'ok' })
