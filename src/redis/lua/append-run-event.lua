-- Publishes an event of a run once, or closes the run with it.
--
-- Keys: events, run; for an event that closes the run also the keys that end with it: turn and text of each turn.
-- Arguments: tag, name (an event with this name is published once), event (JSON), ttlSeconds, ending: absent to publish, 'close'
-- to close, 'closeIfComplete' to close unless Redis has lost the start of the run or the result of one of the first
-- finishedTurns turns.
-- Returns the JSON of the event; the closing event that was written first if the run is already closed; nil if the run is not complete.
-- @include shared/stream

local events, run = KEYS[1], KEYS[2]
local FIRST_TURN, KEYS_PER_TURN = 3, 2
local args = cjson.decode(ARGV[1])

local function is_complete()
  if redis.call('HEXISTS', run, 'once:run.started') == 0 then
    return false
  end
  for i = 0, args.finishedTurns - 1 do
    if redis.call('HEXISTS', KEYS[FIRST_TURN + i * KEYS_PER_TURN], 'result') == 0 then
      return false
    end
  end
  return true
end

local closed = redis.call('HGET', run, 'closed')
if closed then
  return closed
end
if args.ending == 'closeIfComplete' and not is_complete() then
  return false
end
publish_once(events, run, ensure_generation(events, run, args.tag), args.name, args.event)
if args.ending then
  redis.call('HSET', run, 'closed', args.event)
end
for _, key in ipairs(KEYS) do
  redis.call('EXPIRE', key, args.ttlSeconds)
end
return args.event
