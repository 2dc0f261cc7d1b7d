/**
 * The Lua scripts of the ledger: what a call may cost is held in its run, its session and its account before it is made, and what
 * it did cost takes that place afterwards, once. All keys of one account share a hash slot, so that one script can do it whole.
 *
 * Amounts are doubles, written with 17 digits, which give back the same double. A scope is a hash: `usd` and `tokens` spent, `held_usd` and
 * `held_tokens` held for calls under way, `estimated` and `unpriced` the numbers of calls that are in there by estimate or without a price.
 */

/** How long an estimate waits for what is known. Milliseconds. */
const CORRECTABLE = 3600_000;

/** What all of them begin with. KEYS run, session, account, holds, leases. */
const LEDGER = `
local run, session, account, holds, leases = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(x) return tonumber(x or 0) or 0 end
local function text(x) return string.format('%.17g', x) end
local function add(key, field, x)
  if x ~= 0 then redis.call('HSET', key, field, text(number(redis.call('HGET', key, field)) + x)) end
end
local function split(record)
  local parts = {}
  for part in string.gmatch(record, '[^\\n]+') do parts[#parts + 1] = part end
  return parts
end
-- the state of a hold: 'held' before a settlement, 'estimated' after one that may still be corrected, and 'lapsed', booked as a
-- whole since nothing was heard of the call any more, which any settlement corrects
local STATE, HELD_USD, HELD_TOKENS, IN, OUT, PROMPT, HEARD, WHOLE, RUN, SESSION, ACCOUNT, TURN, MODEL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
local function settle(call, usd, tokens, estimated, unpriced, state)
  local record = redis.call('HGET', holds, call)
  if not record then return end
  local hold = split(record)
  local scopes = {hold[RUN], hold[SESSION], hold[ACCOUNT]}
  local first = hold[STATE] == 'held'
  if hold[STATE] == 'estimated' and estimated == 1 then return end
  local booked_usd, booked_tokens = 0, 0
  if not first then booked_usd, booked_tokens = number(hold[HELD_USD]), number(hold[HELD_TOKENS]) end
  local more = first and estimated or estimated - 1
  if hold[STATE] == 'lapsed' and hold[IN] == '-' then unpriced = unpriced - 1 end
  for _, scope in ipairs(scopes) do
    if first then
      add(scope, 'held_usd', -number(hold[HELD_USD]))
      add(scope, 'held_tokens', -number(hold[HELD_TOKENS]))
    end
    add(scope, 'usd', usd - booked_usd)
    add(scope, 'tokens', tokens - booked_tokens)
    add(scope, 'estimated', more)
    add(scope, 'unpriced', unpriced)
  end
  local turn = hold[TURN]
  add(hold[RUN], 'usd:' .. turn, usd - booked_usd)
  add(hold[RUN], 'tokens:' .. turn, tokens - booked_tokens)
  add(hold[RUN], 'estimated:' .. turn, more)
  add(hold[RUN], 'unpriced:' .. turn, unpriced)
  if estimated == 1 then
    hold[STATE], hold[HELD_USD], hold[HELD_TOKENS] = state or 'estimated', text(usd), text(tokens)
    redis.call('HSET', holds, call, table.concat(hold, '\\n'))
    redis.call('ZADD', leases, now + ${CORRECTABLE}, call)
  else
    redis.call('HDEL', holds, call)
    redis.call('ZREM', leases, call)
  end
end
-- by estimate: the prompt, and what was heard of the answer, or all that was held where the model does not stop when we hang up,
-- and where nothing was heard of the call any more
local function settle_unknown(call, heard, state)
  local record = redis.call('HGET', holds, call)
  if not record then return end
  local hold = split(record)
  if hold[STATE] == 'estimated' then return end
  local unpriced = hold[IN] == '-' and 1 or 0
  if state == 'lapsed' or hold[WHOLE] == '1' then
    return settle(call, number(hold[HELD_USD]), number(hold[HELD_TOKENS]), 1, unpriced, state)
  end
  local out = math.max(0, heard - number(hold[HEARD]))
  local usd = number(hold[PROMPT]) * number(hold[IN]) + out * number(hold[OUT])
  settle(call, usd, number(hold[PROMPT]) + out, 1, unpriced)
end
local function totals(turn)
  local sums = redis.call('HMGET', run, 'usd:' .. turn, 'tokens:' .. turn, 'estimated:' .. turn, 'unpriced:' .. turn)
  return {sums[1] or '0', sums[2] or '0', sums[3] or '0', sums[4] or '0'}
end
`;

/**
 * ARGV call, turn, prices of a prompt and an answer token ('' when unknown), prompt tokens, answer tokens wanted and needed at least, tokens
 * of the turn's text so far, '1' where a call that is left runs on, lease ms, ttl of run, session and account in seconds, then the limits in USD and
 * tokens of run, session and account ('' for none), the gateway, tokens that earlier attempts had left, and the model.
 * Answers {'ok', answer tokens granted}, {'exhausted', scope, unit}, {'busy', scope} when only other holds are in the way, {'unpriced', scope} or, where the gateway has refused the key to this run,
 * {'refused', words}. A turn holds for one call at a time: what an attempt
 * that died held is settled first.
 */
export const holdBudget = `${LEDGER}
local call, turn = ARGV[1], ARGV[2]
local price_in, price_out = tonumber(ARGV[3]), tonumber(ARGV[4])
local prompt, wanted, needed, heard = number(ARGV[5]), number(ARGV[6]), number(ARGV[7]), number(ARGV[8])
local refusal = redis.call('HGET', run, 'refused:' .. ARGV[20])
if refusal then return {'refused', refusal} end
local former = redis.call('HGET', run, 'call:' .. turn)
if former and former ~= call then settle_unknown(former, number(ARGV[21])) end
for _, late in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 20)) do
  local record = redis.call('HGET', holds, late)
  if record and split(record)[STATE] == 'held' then
    settle_unknown(late, 0, 'lapsed')
  else
    redis.call('HDEL', holds, late)
    redis.call('ZREM', leases, late)
  end
end
local scopes = {run, session, account}
local names = {'run', 'session', 'key'}
local granted, unit = wanted, 'tokens'
local least = math.min(needed, wanted)
for i, scope in ipairs(scopes) do
  local usd_limit, token_limit = tonumber(ARGV[12 + 2 * i]), tonumber(ARGV[13 + 2 * i])
  local held_usd, held_tokens = number(redis.call('HGET', scope, 'held_usd')), number(redis.call('HGET', scope, 'held_tokens'))
  -- what it would be if no other call held anything
  local alone = wanted
  if usd_limit then
    if not price_in then return {'unpriced', names[i], 'usd'} end
    local left = usd_limit - number(redis.call('HGET', scope, 'usd')) - prompt * price_in
    local rest = left - held_usd
    local paid = granted
    if rest < 0 then paid = 0 elseif price_out > 0 then paid = math.floor(rest / price_out) end
    if paid < granted then granted, unit = paid, 'usd' end
    if left < 0 then alone = 0 elseif price_out > 0 then alone = math.min(alone, math.floor(left / price_out)) end
  end
  if token_limit then
    local left = token_limit - number(redis.call('HGET', scope, 'tokens')) - prompt
    if left - held_tokens < granted then granted, unit = left - held_tokens, 'tokens' end
    alone = math.min(alone, left)
  end
  if granted < least then return {alone < least and 'exhausted' or 'busy', names[i], unit} end
end
local usd = prompt * (price_in or 0) + granted * (price_out or 0)
for i, scope in ipairs(scopes) do
  add(scope, 'held_usd', usd)
  add(scope, 'held_tokens', prompt + granted)
  redis.call('EXPIRE', scope, ARGV[10 + i])
end
redis.call('HSET', run, 'call:' .. turn, call)
local record = {'held', text(usd), text(prompt + granted), price_in and text(price_in) or '-', price_out and text(price_out) or '-', prompt, heard, ARGV[9], run, session, account, turn, ARGV[22]}
redis.call('HSET', holds, call, table.concat(record, '\\n'))
redis.call('ZADD', leases, now + number(ARGV[10]), call)
-- a scope must not outlive the record of what is held in it
local longest = math.max(number(ARGV[11]), number(ARGV[12]), number(ARGV[13]))
for _, key in ipairs({holds, leases}) do redis.call('EXPIRE', key, longest) end
return {'ok', granted}
`;

/**
 * ARGV call, turn, USD and tokens used ('' when unknown: the estimate then stays), tokens of the turn's text by now, '1' when the numbers are
 * themselves an estimate, '1' when the price is unknown. Answers what the turn has used in all its calls: USD, tokens, and how many calls of it are
 * estimated and without a price. To settle a call again changes nothing, unless an estimate gives way to what is known.
 */
export const settleBudget = `${LEDGER}
local call, turn = ARGV[1], ARGV[2]
if ARGV[3] == '' and ARGV[7] ~= '1' then settle_unknown(call, number(ARGV[5]))
else settle(call, number(ARGV[3]), number(ARGV[4]), number(ARGV[6]), number(ARGV[7])) end
return totals(turn)
`;

/** ARGV call. Gives back what was held for a call that was not made. */
export const releaseBudget = `${LEDGER}
local record = redis.call('HGET', holds, ARGV[1])
if not record then return 0 end
local hold = split(record)
if hold[STATE] ~= 'held' then return 0 end
for _, scope in ipairs({hold[RUN], hold[SESSION], hold[ACCOUNT]}) do
  add(scope, 'held_usd', -number(hold[HELD_USD]))
  add(scope, 'held_tokens', -number(hold[HELD_TOKENS]))
end
redis.call('HDEL', holds, ARGV[1])
redis.call('ZREM', leases, ARGV[1])
return 1
`;

/** ARGV call, lease. A call that lives keeps what it holds. */
export const renewHold = `${LEDGER}
local lease = redis.call('ZSCORE', leases, ARGV[1])
if not lease then return 0 end
redis.call('ZADD', leases, math.max(number(lease), now + number(ARGV[2])), ARGV[1])
return 1
`;

/** ARGV turn, tokens of its text. Settles the turn's last call by estimate if it is still held. Answers that call and its model, while they are known. */
export const abandonBudget = `${LEDGER}
local call = redis.call('HGET', run, 'call:' .. ARGV[1])
local record = call and redis.call('HGET', holds, call)
if not record then return {} end
settle_unknown(call, number(ARGV[2]))
return {call, split(record)[MODEL] or ''}
`;

/** Answers the run's turns with a call of which nobody has said how it ended. */
export const heldTurns = `${LEDGER}
local turns = {}
local fields = redis.call('HGETALL', run)
for i = 1, #fields, 2 do
  local turn = string.match(fields[i], '^call:(.*)$')
  local record = turn and redis.call('HGET', holds, fields[i + 1])
  if record and split(record)[STATE] ~= 'estimated' then turns[#turns + 1] = turn end
end
return turns
`;
