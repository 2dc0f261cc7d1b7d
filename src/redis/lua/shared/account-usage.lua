-- Open runs and stored sessions of an account. Each hash holds bytes by member, and their sum under SUM. A sum is lost only together with
-- its parts, because the same script writes both.
-- @include shared/clock
-- @include shared/numbers

local open_runs, open_bytes, session_bytes, session_expiry = unpack(KEYS)
local args = cjson.decode(ARGV[1])
local SUM = '*'

local function remove_member(set, bytes_by_member, member)
  if redis.call('ZREM', set, member) == 0 then
    return
  end
  local bytes = to_number(redis.call('HGET', bytes_by_member, member))
  redis.call('HDEL', bytes_by_member, member)
  -- not -bytes: Redis rejects minus zero as an integer
  redis.call('HINCRBY', bytes_by_member, SUM, 0 - bytes)
end

local EXPIRED_AT_ONCE = 100

local function remove_expired_sessions()
  local expired = redis.call('ZRANGEBYSCORE', session_expiry, '-inf', read_clock(), 'LIMIT', 0, EXPIRED_AT_ONCE)
  for _, session in ipairs(expired) do
    remove_member(session_expiry, session_bytes, session)
  end
end
