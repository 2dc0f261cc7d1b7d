-- Returns an unused admission: the call was never sent.
--
-- Arguments: turn, call.
-- @include shared/model

local call = args.call

end_call(args.turn, call)
redis.call('ZREM', calls, call)
local reserved = redis.call('HGET', spent, call)
if reserved then
  redis.call('HDEL', spent, call)
  redis.call('HSET', health, 'used', read_health('used') - to_number(reserved))
end
redis.call('HDEL', health, 'probe_until')
return 1
