-- Counts a run that is about to start, unless a limit rejects it.
--
-- Arguments: run, bytes (of its message), limits {openRuns, openBytes, sessionBytes}, ttlSeconds.
-- Returns {verdict, used}: 'taken', 'held' if the run is already counted, or the exceeded limit and its usage.
-- @include shared/account-usage

local limits = args.limits

local function reply(verdict, used)
  return cjson.encode({ verdict = verdict, used = used })
end

local function read_sum(bytes_by_member)
  return to_number(redis.call('HGET', bytes_by_member, SUM))
end

if redis.call('ZSCORE', open_runs, args.run) then
  return reply('held', 0)
end
local open = redis.call('ZCARD', open_runs)
if open >= limits.openRuns then
  return reply('openRuns', open)
end
local open_sum = read_sum(open_bytes)
if open_sum + args.bytes > limits.openBytes then
  return reply('openBytes', open_sum)
end
if read_sum(session_bytes) >= limits.sessionBytes then
  remove_expired_sessions()
end
local stored = read_sum(session_bytes)
if stored >= limits.sessionBytes then
  return reply('sessionBytes', stored)
end

redis.call('ZADD', open_runs, read_clock(), args.run)
redis.call('HSET', open_bytes, args.run, args.bytes)
redis.call('HINCRBY', open_bytes, SUM, args.bytes)
redis.call('EXPIRE', open_runs, args.ttlSeconds)
redis.call('EXPIRE', open_bytes, args.ttlSeconds)
return reply('taken', 0)
