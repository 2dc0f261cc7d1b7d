-- Releases the hold of a call that was not made.
--
-- Arguments: call.
-- Returns {}, or {undeclared}.
-- @include shared/ledger

local call = args.call

local hold = read_hold(call)
local undeclared = hold and find_undeclared(hold)
if undeclared then
  return undeclared
end
if hold and hold.state == 'held' then
  release_amounts(hold)
  redis.call('HINCRBY', hold.run, 'calls', -1)
  remove_hold(call)
end
return cjson.encode({})
