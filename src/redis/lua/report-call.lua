-- Ends a call, and records what it says about the model's health.
--
-- Arguments: turn, call, usedTokens (optional), outcome ('ok', 'ill', 'cool' or 'neutral'), firstTokenMs (optional), durationMs,
-- waitMs (the pause that the gateway asks for), code and words of a failure.
-- @include shared/model

-- Consecutive failures after which the breaker opens, and its first and longest open time.
local MAX_FAILURES = 5
local SHORTEST_BREAK_MS, LONGEST_BREAK_MS = 1000, 10000
-- A longer pause is probed again after this time: quotas are raised, and days end.
local LONGEST_PAUSE_MS = 60000
-- Longest pace between restarts of refused turns. Refusals within SAME_REFUSAL_MS count as one.
local LONGEST_PACE_MS = 4000
local SAME_REFUSAL_MS = 1000
-- Each success multiplies the pace by this factor; a pace below FORGOTTEN_PACE_MS is removed.
local PACE_RECOVERY, FORGOTTEN_PACE_MS = 0.8, 50
-- The weight of the newest value in a moving average.
local NEWEST_WEIGHT = 0.2

-- Replaces the call's estimate by its real usage. An invalid count is ignored, and the estimate kept.
local function correct_tokens()
  local reserved = redis.call('HGET', spent, args.call)
  local used = tonumber(args.usedTokens)
  if reserved and is_finite(used) and used >= 0 then
    redis.call('HSET', spent, args.call, used)
    redis.call('HSET', health, 'used', read_health('used') + used - to_number(reserved))
  end
end

local function update_average(field, value)
  local known = read_health(field)
  local average = math.floor(known * (1 - NEWEST_WEIGHT) + value * NEWEST_WEIGHT + 0.5)
  redis.call('HSET', health, field, known == 0 and value or average)
end

local function record_success()
  if args.firstTokenMs then
    update_average('first_token', math.max(1, to_number(args.firstTokenMs)))
  end
  update_average('duration', math.max(1, to_number(args.durationMs)))
  redis.call('HDEL', health, 'failures', 'open_until', 'breaks', 'probe_until')
  local pace = math.floor(read_health('pace') * PACE_RECOVERY)
  local is_over = now > read_health('cool_until') + PACED_AFTER_PAUSE_MS and redis.call('ZCARD', queue) == 0
  if pace >= FORGOTTEN_PACE_MS and not is_over then
    redis.call('HSET', health, 'pace', pace)
  else
    redis.call('HDEL', health, 'pace')
  end
end

local function record_refusal()
  local pause = to_number(args.waitMs)
  local is_contended = read_health('cool_until') > now or redis.call('ZCARD', queue) > 0
  local cool_until = now + math.min(pause, LONGEST_PAUSE_MS)
  if cool_until > read_health('cool_until') then
    redis.call('HSET', health, 'cool_until', cool_until, 'reset_at', now + pause, 'code', args.code, 'words', args.words)
  end
  -- a turn that is refused alone needs no pacing; of several turns, refusals at the same moment count as one
  if is_contended and now - read_health('slowed_at') > SAME_REFUSAL_MS then
    local pace = math.min(math.max(read_health('pace') * 2, SHORTEST_PACE_MS), LONGEST_PACE_MS)
    redis.call('HSET', health, 'pace', pace, 'slowed_at', now)
  end
  redis.call('HDEL', health, 'probe_until')
end

local function record_failure()
  local open_until = read_health('open_until')
  if open_until > now then
    return
  end
  local failures = redis.call('HINCRBY', health, 'failures', 1)
  if failures >= MAX_FAILURES or open_until > 0 then
    local breaks = redis.call('HINCRBY', health, 'breaks', 1)
    local ms = math.min(SHORTEST_BREAK_MS * 2 ^ (breaks - 1), LONGEST_BREAK_MS)
    redis.call('HSET', health, 'open_until', now + ms, 'code', args.code, 'words', args.words)
    redis.call('HDEL', health, 'probe_until')
  end
end

local RECORD = {
  ok = record_success,
  cool = record_refusal,
  ill = record_failure,
  neutral = function() redis.call('HDEL', health, 'probe_until') end,
}

end_call(args.turn, args.call)
correct_tokens()
RECORD[args.outcome]()
keep_health()
return 1
