-- Ends the wait of a request, unless several callers use its id: then the id does not identify a run.
--
-- Keys: the runs of a request, by the end of their lease.
-- Returns the run of the request, or nil.
-- @include shared/clock

local runs = KEYS[1]

redis.call('ZREMRANGEBYSCORE', runs, '-inf', read_clock())
local waiting = redis.call('ZRANGE', runs, 0, 1)
if #waiting ~= 1 then
  return false
end
redis.call('DEL', runs)
return waiting[1]
