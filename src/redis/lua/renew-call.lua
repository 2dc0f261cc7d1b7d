-- Renews the slot of a call in progress, unless a later attempt at the turn has replaced it. A slot that Redis has lost is taken again.
--
-- Arguments: turn, call, leaseMs, isUnderWay (the call has not ended).
-- Returns 1, or 0 if the call has no slot any more.
-- @include shared/model

local field = open_call_field(args.turn)
local holder = redis.call('HGET', spent, field)
if holder ~= args.call and (holder or not args.isUnderWay) then
  return 0
end
if not holder then
  redis.call('HSET', spent, field, args.call)
  redis.call('PEXPIRE', spent, TTL_MS)
end
redis.call('ZADD', open, now + args.leaseMs, args.call)
redis.call('PEXPIRE', open, args.leaseMs + TTL_MS)
return 1
