-- State of a model shared by all workers: its health (hash), its calls within the window (sorted by time), the tokens of each call and
-- the open call of each turn (hash), the open calls (sorted by lease end), and the waiters: sorted by fair turn, sorted by due time, and
-- their details (hash).
-- @include shared/clock
-- @include shared/numbers

local health, calls, spent, open, queue, due_times, waiters = unpack(KEYS)
local args = cjson.decode(ARGV[1])
local now = read_clock()

-- Health and limits expire when nobody calls the model any more; the queue expires when nobody waits.
local TTL_MS = 3600 * 1000
-- First pace between restarts of turns that a refusal has held up.
local SHORTEST_PACE_MS = 250
-- Calls that a pause has held up are paced until this long after it.
local PACED_AFTER_PAUSE_MS = 1000

local function read_health(field)
  return to_number(redis.call('HGET', health, field))
end

local function keep_health()
  if redis.call('EXISTS', health) == 1 then
    redis.call('PEXPIRE', health, TTL_MS)
  end
end

-- The field of `spent` that holds a turn's open call.
local function open_call_field(turn)
  return 'open:' .. turn
end

-- Frees the slot of a call; a later attempt at the turn keeps its own.
local function end_call(turn, call)
  local field = open_call_field(turn)
  if redis.call('HGET', spent, field) == call then
    redis.call('HDEL', spent, field)
  end
  redis.call('ZREM', open, call)
end
