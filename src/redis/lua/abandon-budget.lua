-- Settles a turn's last call by estimate if it is still held.
--
-- Arguments: turn, receivedTokens (of its text).
-- Returns {call, model} if the hold of that call is still known, else {}; or {undeclared}.
-- @include shared/ledger

local bad = find_bad_amount({ receivedTokens = args.receivedTokens })
if bad then
  return bad
end
local call = redis.call('HGET', run, last_call_field(args.turn))
local hold = read_hold(call)
if not hold then
  return cjson.encode({})
end
local undeclared = find_undeclared(hold)
if undeclared then
  return undeclared
end
settle_by_estimate(call, hold, args.receivedTokens)
return cjson.encode({ call = call, model = hold.model })
