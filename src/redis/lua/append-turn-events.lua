-- Appends events of a turn to its run's stream, and updates the turn's record in the same step.
--
-- Only the owner of the turn may write, and an index that is already written is skipped. The owner is identified by name, not by epoch:
-- a Redis that lost its newest writes would assign an epoch twice.
--
-- Called for each piece of text. It therefore reads each record once, sets the TTL of a key only when it creates the key, and creates no
-- tables or functions.
--
-- Arguments: the id of the server process that executes this, '' if the connection does not know it yet; tag, owner, index of the first
-- event, then two for each event: its JSON, and its effect: '' or one of those in apply_effect, followed by its value.
-- An event that begins with ',' is a piece (src/redis/stored-events.ts): this script puts the seq of the turn's last complete event before it.
-- Returns 'ok', 'fenced' (another attempt owns the turn), 'closed' (the run has ended) or 'lost' (Redis lost earlier writes), followed
-- by a space and the id of the server process if that was not passed.
-- @include shared/stream

local events, run, turn, text = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local given_server, tag, owner, first_index = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local FIRST_EVENT, ARGUMENTS_PER_EVENT, PIECE_MARK = 5, 2, 44
local server = given_server == '' and read_server_id() or given_server

local function reply(status)
  return given_server == '' and status .. ' ' .. server or status
end

-- A key that this call creates gets the TTL of the run's record, which was set when the attempt began.
local function expire_with_run(key)
  redis.call('EXPIRE', key, math.max(1, redis.call('TTL', run)))
end

local function apply_effect(effect)
  local kind, value = string.sub(effect, 1, 1), string.sub(effect, 2)
  if kind == '+' then
    if redis.call('APPEND', text, value) == #value then
      expire_with_run(text)
    end
  elseif kind == '!' then
    redis.call('DEL', text)
    -- the text may have been that of another request (begin-attempt)
    redis.call('HDEL', turn, 'foreign')
  elseif kind == '=' then
    redis.call('HSET', turn, 'result', value)
    redis.call('HDEL', turn, 'lane_result')
  else -- '~'
    redis.call('HSET', turn, 'route', value)
  end
end

local generation, last_seq, closed = open_stream(events, run, tag, server)
local state = redis.call('HMGET', turn, 'owner', 'next', 'reference')
local current_owner, next_index, reference = state[1], tonumber(state[2] or 0), state[3]
if not generation or not current_owner then
  return reply('lost')
end
if closed then
  return reply('closed')
end
if current_owner ~= owner then
  return reply('fenced')
end
if first_index > next_index then
  return reply('lost')
end
-- no writer sends this: its first event is no piece
if not reference and string.byte(ARGV[FIRST_EVENT] or '') == PIECE_MARK then
  return reply('lost')
end

local index, seq = first_index, last_seq
for i = FIRST_EVENT, #ARGV, ARGUMENTS_PER_EVENT do
  if index == next_index then
    local event = ARGV[i]
    seq = seq + 1
    if string.byte(event) == PIECE_MARK then
      event = '[' .. reference .. event
    else
      reference = seq
    end
    redis.call('XADD', events, generation .. '-' .. seq, 'e', event)
    if ARGV[i + 1] ~= '' then
      apply_effect(ARGV[i + 1])
    end
    next_index = next_index + 1
  end
  index = index + 1
end
if seq > last_seq then
  redis.call('HSET', run, 'seq', seq)
  redis.call('HSET', turn, 'next', next_index, 'reference', reference)
end
if last_seq == 0 and seq > 0 then
  expire_with_run(events)
end
return reply('ok')
