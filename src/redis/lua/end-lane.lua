-- Ends the lease of an attempt of the express lane: the turn's activity has adopted it, it has finished or failed, or its worker has ended.
--
-- Arguments: owner, failure (JSON for the turn's activity; optional).
-- Returns 1, or 0 if the attempt no longer owns the turn.

local turn = KEYS[1]
local args = cjson.decode(ARGV[1])

if redis.call('HGET', turn, 'owner') ~= args.owner then
  return 0
end
redis.call('HDEL', turn, 'lane_until', 'lane_worker')
if args.failure then
  redis.call('HSET', turn, 'lane_failure', args.failure)
end
return 1
