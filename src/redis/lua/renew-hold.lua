-- Renews the hold of a call in progress.
--
-- Arguments: call, turn, leaseMs.
-- Returns 1, or 0 if Redis has lost the call.
-- @include shared/ledger

local call = args.call

local bad = find_bad_amount({ leaseMs = args.leaseMs })
if bad then
  return bad
end
local lease_end = redis.call('ZSCORE', leases, call)
if not lease_end then
  return is_lost(call, args.turn) and 0 or 1
end
redis.call('ZADD', leases, math.max(to_number(lease_end), now + args.leaseMs), call)
return 1
