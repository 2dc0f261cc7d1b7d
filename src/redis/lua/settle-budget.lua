-- Books the usage of a call in place of its hold. Settling a call again changes nothing, unless real usage replaces an estimate.
--
-- Arguments: call, turn, and either used {usd, tokens, isEstimated, isUnpriced} or, if the usage is unknown, receivedTokens (of the turn's
-- text by now): the call is then booked by estimate.
-- Returns the turn's total usage over all its calls, {usd, tokens, estimated, unpriced}, and isLost if Redis has lost the call. Or
-- {undeclared}.
-- @include shared/ledger

local call, turn, used = args.call, args.turn, args.used

local function read_totals()
  local sums = redis.call('HMGET', run, 'usd:' .. turn, 'tokens:' .. turn, 'estimated:' .. turn, 'unpriced:' .. turn)
  return { usd = sums[1] or '0', tokens = sums[2] or '0', estimated = sums[3] or '0', unpriced = sums[4] or '0' }
end

local bad = find_bad_amount(used and { usd = used.usd, tokens = used.tokens } or { receivedTokens = args.receivedTokens })
if bad then
  return bad
end
local hold = read_hold(call)
local undeclared = hold and find_undeclared(hold)
if undeclared then
  return undeclared
end
local was_lost = not hold and is_lost(call, turn)
if hold and used then
  local estimated, unpriced = used.isEstimated and 1 or 0, used.isUnpriced and 1 or 0
  settle(call, hold, { usd = used.usd, tokens = used.tokens, estimated = estimated, unpriced = unpriced })
elseif hold then
  settle_by_estimate(call, hold, args.receivedTokens)
end
local reply = read_totals()
reply.isLost = was_lost
return cjson.encode(reply)
