-- Extends the lease of an attempt of the express lane, and keeps its result, if it has one that may not be published yet.
--
-- Arguments: owner, leaseMs, result (JSON; optional).
-- Returns 1, or 0 if the attempt no longer owns the turn, or the run has ended.
-- @include shared/clock

local turn, run = unpack(KEYS)
local args = cjson.decode(ARGV[1])

if redis.call('HGET', turn, 'owner') ~= args.owner or redis.call('HEXISTS', run, 'closed') == 1 then
  return 0
end
redis.call('HSET', turn, 'lane_until', read_clock() + args.leaseMs)
if args.result then
  redis.call('HSET', turn, 'lane_result', args.result)
end
return 1
