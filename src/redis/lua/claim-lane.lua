-- Makes an attempt of the express lane the owner of a run's first turns, if nothing is known of the run. Shows nothing to readers.
--
-- Keys: events, run, then each turn.
-- Arguments: tag, owner (a name unique to this lane), worker (its id), requests (the fingerprint of each turn's request), leaseMs,
-- ttlSeconds.
-- Returns the stream's generation; nil if the run is known.
-- @include shared/stream

local events, run = KEYS[1], KEYS[2]
local FIRST_TURN = 3
local args = cjson.decode(ARGV[1])

for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    return false
  end
end
local generation = ensure_generation(events, run, args.tag)
local lease_end = read_clock() + args.leaseMs
for i = FIRST_TURN, #KEYS do
  local turn, request = KEYS[i], args.requests[i - FIRST_TURN + 1]
  redis.call('HSET', turn, 'epoch', 1, 'owner', args.owner)
  redis.call('HSET', turn, 'lane', request, 'lane_until', lease_end, 'lane_worker', args.worker)
  redis.call('EXPIRE', turn, args.ttlSeconds)
end
redis.call('EXPIRE', run, args.ttlSeconds)
return generation
