-- Takes over the run that was abandoned first.
--
-- Keys: the runs of a question, by the end of their lease. Arguments: leaseMs.
-- Returns the run. If none is abandoned, returns whether the question has any runs: 1 or 0.
-- @include shared/clock

local runs = KEYS[1]
local args = cjson.decode(ARGV[1])
local now = read_clock()

local found = redis.call('ZRANGEBYSCORE', runs, '-inf', now, 'LIMIT', 0, 1)[1]
if not found then
  return redis.call('EXISTS', runs)
end
redis.call('ZADD', runs, now + args.leaseMs, found)
return found
