-- The ledger: before a call is made, its possible cost is held in its run, its session and its account; afterwards its real cost replaces
-- the hold, once. All keys of one account share a hash slot, so that one script can do this atomically.
--
-- A scope is a hash: `usd` and `tokens` spent, `held_usd` and `held_tokens` held for calls in progress; for a run also `calls` made or
-- in progress; `estimated` and `unpriced` count the calls booked by estimate or without a price. Amounts are doubles, stored with 17
-- digits.
--
-- Redis may lose all of it. A call in progress is then held again by its worker. A run's usage is known to its workflow and is sent with
-- each hold. The usage of other runs is restored from their records in Temporal (record-run.lua) before the account's next call is held.
-- @include shared/clock
-- @include shared/numbers

-- These keys are followed by the scopes of other holds, if the caller has declared them.
local run, session, account, holds, leases = unpack(KEYS)
local args = cjson.decode(ARGV[1])
local now = read_clock()

-- How long an estimate can still be corrected.
local CORRECTABLE_MS = 3600 * 1000
-- Smaller dollar differences are rounding errors.
local ROUNDING_USD = 1e-9

-- Returns an error if an amount is given and is not a finite number of at least 0. Such an amount would corrupt every later sum, so
-- nothing is booked.
local function find_bad_amount(amounts)
  for name, value in pairs(amounts) do
    local amount = tonumber(value)
    if not (is_finite(amount) and amount >= 0) then
      return redis.error_reply('AMOUNT ' .. name .. ' is not a finite number of at least 0')
    end
  end
end

local function add(key, field, amount)
  if amount ~= 0 then
    redis.call('HSET', key, field, format_number(to_number(redis.call('HGET', key, field)) + amount))
  end
end

-- A hold is JSON: state ('held' before settlement; 'estimated' after a settlement that may still be corrected; 'lapsed', booked in full
-- because its worker stopped renewing it; any settlement corrects that), usd, tokens (held, or booked), inputPrice, outputPrice (absent if
-- the price is unknown), promptTokens, receivedTokens, runsOn (the model does not stop when we disconnect), run, session, account (the
-- keys of its scopes), turn, model. Its amounts are strings of 17 digits.
local function read_hold(call)
  local record = call and redis.call('HGET', holds, call)
  return record and cjson.decode(record) or nil
end

local function write_hold(call, hold, lease_end)
  redis.call('HSET', holds, call, cjson.encode(hold))
  redis.call('ZADD', leases, lease_end, call)
end

local function remove_hold(call)
  redis.call('HDEL', holds, call)
  redis.call('ZREM', leases, call)
end

local function list_scopes(hold)
  return { hold.run, hold.session, hold.account }
end

-- Returns a reply that names the scopes of these holds that are not in KEYS, or nil. Redis requires every key of a script to be declared.
-- The scopes of another run's call, or of an earlier account period, are known only from the hold. The caller then calls the script again
-- with those keys added; nothing has been written before.
local function find_undeclared(...)
  local undeclared
  local declared = {}
  for _, key in ipairs(KEYS) do
    declared[key] = true
  end
  for _, hold in ipairs({ ... }) do
    for _, key in ipairs(list_scopes(hold)) do
      if not declared[key] then
        declared[key] = true
        undeclared = undeclared or {}
        undeclared[#undeclared + 1] = key
      end
    end
  end
  return undeclared and cjson.encode({ undeclared = undeclared })
end

local function release_amounts(hold)
  for _, scope in ipairs(list_scopes(hold)) do
    add(scope, 'held_usd', -to_number(hold.usd))
    add(scope, 'held_tokens', -to_number(hold.tokens))
  end
end

-- Books the usage of a call with this hold: {usd, tokens, estimated, unpriced}; the last two are 1 or 0. `state` is the state of the hold
-- afterwards if the booking is an estimate.
local function settle(call, hold, used, state)
  if hold.state == 'estimated' and used.estimated == 1 then
    return
  end
  local is_first = hold.state == 'held'
  local booked_usd = is_first and 0 or to_number(hold.usd)
  local booked_tokens = is_first and 0 or to_number(hold.tokens)
  local more_usd, more_tokens = used.usd - booked_usd, used.tokens - booked_tokens
  local more_estimated = is_first and used.estimated or used.estimated - 1
  local more_unpriced = used.unpriced
  if hold.state == 'lapsed' and not hold.inputPrice then
    more_unpriced = more_unpriced - 1
  end

  -- the run's own record still contains the estimate, and must not restore it
  add(hold.run, 'corrected_usd', math.min(0, more_usd))
  add(hold.run, 'corrected_tokens', math.min(0, more_tokens))
  if is_first then
    release_amounts(hold)
  end
  local function book(key, suffix)
    add(key, 'usd' .. suffix, more_usd)
    add(key, 'tokens' .. suffix, more_tokens)
    add(key, 'estimated' .. suffix, more_estimated)
    add(key, 'unpriced' .. suffix, more_unpriced)
  end
  for _, scope in ipairs(list_scopes(hold)) do
    book(scope, '')
  end
  book(hold.run, ':' .. hold.turn)
  -- the gateway rejected the request before it started: nothing is paid, and no call counts
  if is_first and used.tokens == 0 and used.estimated == 0 then
    redis.call('HINCRBY', hold.run, 'calls', -1)
  end

  if used.estimated == 1 then
    hold.state, hold.usd, hold.tokens = state or 'estimated', format_number(used.usd), format_number(used.tokens)
    write_hold(call, hold, now + CORRECTABLE_MS)
  else
    remove_hold(call)
  end
end

-- Books a call by estimate: its prompt and the received part of the answer, or the whole hold if the model does not stop when we
-- disconnect, or if the call has lapsed.
local function settle_by_estimate(call, hold, received_tokens, state)
  if hold.state == 'estimated' then
    return
  end
  local unpriced = hold.inputPrice and 0 or 1
  if state == 'lapsed' or hold.runsOn then
    local whole = { usd = to_number(hold.usd), tokens = to_number(hold.tokens), estimated = 1, unpriced = unpriced }
    return settle(call, hold, whole, state)
  end
  local prompt = to_number(hold.promptTokens)
  local answer = math.max(0, received_tokens - to_number(hold.receivedTokens))
  local usd = prompt * to_number(hold.inputPrice) + answer * to_number(hold.outputPrice)
  settle(call, hold, { usd = usd, tokens = prompt + answer, estimated = 1, unpriced = unpriced })
end

-- Raises a run's usage to at least the amounts in its own record.
local function record_run(scopes, recorded)
  local function find_more(field)
    local known = to_number(redis.call('HGET', run, field)) - to_number(redis.call('HGET', run, 'corrected_' .. field))
    return to_number(recorded[field]) - known
  end
  local more_usd, more_tokens = find_more('usd'), find_more('tokens')
  for _, scope in ipairs(scopes) do
    if more_usd > ROUNDING_USD then
      add(scope, 'usd', more_usd)
    end
    if more_tokens > 0 then
      add(scope, 'tokens', more_tokens)
    end
  end
  add(run, 'calls', math.max(0, to_number(recorded.calls) - to_number(redis.call('HGET', run, 'calls'))))
end

-- The field of an account's holds that is set once its earlier runs have been recorded.
local RECORDED = '*recorded'

-- The field of a run that names the last call of a turn; it lives as long as the run's scope.
local function last_call_field(turn)
  return 'call:' .. turn
end

-- Returns whether Redis has lost a call's record.
local function is_lost(call, turn)
  return redis.call('HEXISTS', holds, call) == 0 and redis.call('HEXISTS', run, last_call_field(turn)) == 0
end
