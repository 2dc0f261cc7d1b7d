-- Holds the possible cost of a call in its run, its session and its account. A turn holds for one call at a time: first settles the hold
-- that a dead attempt left, and the lapsed holds of other calls.
--
-- Arguments: call, turn, gateway, model, price {input, output} (per token; absent if unknown), promptTokens,
-- answerTokens (wanted), leastTokens (needed), receivedTokens (of the turn's text so far), foundTokens (left by earlier attempts),
-- runsOn (the model does not stop when we disconnect), budgets {run {usd, tokens, calls}, session {usd, tokens}, account {usd, tokens}}
-- (absent: no limit), spent {usd, tokens, calls} (according to the run's record), leaseMs, ttlSeconds {run, session, account},
-- needsRecords (the usage of the account's other runs must be known), isUnderWay (the call was granted before).
-- Returns {grant}: 'ok' with answerTokens, and shortenedBy {scope, unit} if that budget pays for fewer tokens than wanted;
-- 'exhausted' with scope and unit; 'busy' with scope if other holds are in the way, which may be released later: an answer is shortened
-- only for amounts already spent; 'unpriced'; 'unknown' if the records of the account's runs must be read first; 'refused' with words
-- if the gateway has recently rejected the key for this run. Or {undeclared}.
-- @include shared/ledger

local call, turn, price, budgets, ttl = args.call, args.turn, args.price, args.budgets, args.ttlSeconds
local prompt, wanted, needed = args.promptTokens, args.answerTokens, args.leastTokens
local spent = args.spent or {}
local SCOPES = {
  { key = run, name = 'run', budget = budgets.run, ttl = ttl.run },
  { key = session, name = 'session', budget = budgets.session, ttl = ttl.session },
  { key = account, name = 'key', budget = budgets.account, ttl = ttl.account },
}
local LAPSED_AT_ONCE = 20

local function find_bad_argument()
  local amounts = {
    promptTokens = prompt, answerTokens = wanted, leastTokens = needed,
    receivedTokens = args.receivedTokens, foundTokens = args.foundTokens, leaseMs = args.leaseMs,
    inputPrice = price and price.input, outputPrice = price and price.output,
    spentUsd = spent.usd, spentTokens = spent.tokens, spentCalls = spent.calls, callLimit = budgets.run.calls,
  }
  for _, scope in ipairs(SCOPES) do
    amounts[scope.name .. 'Usd'], amounts[scope.name .. 'Tokens'] = scope.budget.usd, scope.budget.tokens
  end
  return find_bad_amount(amounts)
end

-- Returns the gateway's message if it rejected the key for this run and that rejection has not expired.
local function find_refusal()
  local words = redis.call('HGET', run, 'refused:' .. args.gateway)
  if words and to_number(redis.call('HGET', run, 'refused_until:' .. args.gateway)) > now then
    return words
  end
end

-- Returns the turn's call from a dead earlier attempt, if any.
local function find_former_call()
  local former = redis.call('HGET', run, last_call_field(turn))
  return not args.isUnderWay and former and former ~= call and former or nil
end

-- Returns the calls whose lease has ended, and the holds of those that are not booked yet.
local function find_lapsed()
  local calls, held = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, LAPSED_AT_ONCE), {}
  for _, late in ipairs(calls) do
    local hold = read_hold(late)
    held[late] = hold and hold.state == 'held' and hold or nil
  end
  return calls, held
end

-- Returns a reply that names the scopes to declare before these calls can be settled, if any.
local function find_scopes_to_declare(former_hold, lapsed_holds)
  local ending = { former_hold }
  for _, hold in pairs(lapsed_holds) do
    ending[#ending + 1] = hold
  end
  return #ending > 0 and find_undeclared(unpack(ending))
end

-- Returns the answer tokens that can be paid if all holds are released, and those payable now; each as {tokens, scope, unit}, where
-- scope and unit name the budget that pays for fewer than wanted.
local function find_payable()
  local payable, free = { tokens = wanted }, { tokens = wanted }
  local function limit(scope, unit, alone, beside_holds)
    if alone < payable.tokens then
      payable = { tokens = alone, scope = scope, unit = unit }
    end
    if beside_holds < free.tokens then
      free = { tokens = beside_holds, scope = scope, unit = unit }
    end
  end
  local function count_tokens(usd)
    if usd < 0 then
      return -1
    end
    return price.output > 0 and math.floor(usd / price.output) or wanted
  end
  for _, scope in ipairs(SCOPES) do
    local key, name, budget = scope.key, scope.name, scope.budget
    local held_usd = to_number(redis.call('HGET', key, 'held_usd'))
    local held_tokens = to_number(redis.call('HGET', key, 'held_tokens'))
    -- dollar sums keep a rounding remainder after all holds have ended, whole tokens do not
    if held_tokens <= 0 then
      held_usd, held_tokens = 0, 0
    end
    if budget.usd then
      local left = budget.usd - to_number(redis.call('HGET', key, 'usd')) - prompt * price.input
      limit(name, 'usd', count_tokens(left), count_tokens(left - held_usd))
    end
    if budget.tokens then
      local left = budget.tokens - to_number(redis.call('HGET', key, 'tokens')) - prompt
      limit(name, 'tokens', left, left - held_tokens)
    end
  end
  return payable, free
end

local function limits_usd()
  return budgets.run.usd or budgets.session.usd or budgets.account.usd
end

local function hold_amounts(granted)
  local usd = price and prompt * price.input + granted * price.output or 0
  for _, scope in ipairs(SCOPES) do
    add(scope.key, 'held_usd', usd)
    add(scope.key, 'held_tokens', prompt + granted)
    redis.call('EXPIRE', scope.key, scope.ttl)
  end
  redis.call('HSET', run, last_call_field(turn), call)
  write_hold(call, {
    state = 'held', usd = format_number(usd), tokens = format_number(prompt + granted),
    inputPrice = price and format_number(price.input), outputPrice = price and format_number(price.output),
    promptTokens = format_number(prompt), receivedTokens = format_number(args.receivedTokens), runsOn = args.runsOn,
    run = run, session = session, account = account, turn = turn, model = args.model,
  }, now + args.leaseMs)
  -- a scope must not outlive the record of its holds
  local longest = math.max(ttl.run, ttl.session, ttl.account)
  redis.call('EXPIRE', holds, longest)
  redis.call('EXPIRE', leases, longest)
end

local bad = find_bad_argument()
if bad then
  return bad
end
if args.isUnderWay and not is_lost(call, turn) then
  return cjson.encode({ grant = 'ok', answerTokens = wanted })
end
local former = find_former_call()
local former_hold = read_hold(former)
local lapsed, lapsed_holds = find_lapsed()
local undeclared = find_scopes_to_declare(former_hold, lapsed_holds)
if undeclared then
  return undeclared
end

record_run({ run, session, account }, spent)
if not args.isUnderWay then
  local refusal = find_refusal()
  if refusal then
    return cjson.encode({ grant = 'refused', words = refusal })
  end
  if args.needsRecords and redis.call('HEXISTS', holds, RECORDED) == 0 then
    return cjson.encode({ grant = 'unknown' })
  end
  if former_hold then
    settle_by_estimate(former, former_hold, to_number(args.foundTokens))
    lapsed_holds[former] = nil
  end
end
for _, late in ipairs(lapsed) do
  if lapsed_holds[late] then
    settle_by_estimate(late, lapsed_holds[late], 0, 'lapsed')
  elseif late ~= former then
    remove_hold(late)
  end
end

local is_new = redis.call('HEXISTS', holds, call) == 0
local granted, shortened_by = wanted, nil
if not args.isUnderWay then
  if is_new and budgets.run.calls and to_number(redis.call('HGET', run, 'calls')) >= budgets.run.calls then
    return cjson.encode({ grant = 'exhausted', scope = 'run', unit = 'calls' })
  end
  if limits_usd() and not price then
    return cjson.encode({ grant = 'unpriced' })
  end
  local payable, free = find_payable()
  if payable.tokens < math.min(needed, wanted) then
    return cjson.encode({ grant = 'exhausted', scope = payable.scope, unit = payable.unit })
  end
  if free.tokens < payable.tokens then
    return cjson.encode({ grant = 'busy', scope = free.scope })
  end
  granted = payable.tokens
  shortened_by = payable.scope and { scope = payable.scope, unit = payable.unit } or nil
end
hold_amounts(granted)
if is_new then
  redis.call('HINCRBY', run, 'calls', 1)
end
return cjson.encode({ grant = 'ok', answerTokens = math.floor(granted), shortenedBy = shortened_by })
