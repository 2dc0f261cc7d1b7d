-- Starts or renews the lease of a waiting tool call.
--
-- Keys: the calls of a request, or the runs of a question, by lease end.
-- Arguments: call (its member in the set), leaseMs, ttlSeconds, onlyIfPresent (renew only, start none).
-- Returns whether the lease exists: 1 or 0.
-- @include shared/clock

local calls = KEYS[1]
local args = cjson.decode(ARGV[1])

if args.onlyIfPresent and not redis.call('ZSCORE', calls, args.call) then
  return 0
end
redis.call('ZADD', calls, read_clock() + args.leaseMs, args.call)
redis.call('EXPIRE', calls, args.ttlSeconds)
return 1
