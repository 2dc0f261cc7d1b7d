-- Replaces the stream of a closed run by a shorter one under a new generation, so that an old cursor cannot match a position in it.
--
-- Keys: events, run, then obsolete keys to delete.
-- Arguments: tag, head (the position that the stream must still be at), ttlSeconds, events (JSON of each).
-- Returns 1, or 0 if the stream has changed.
-- @include shared/stream

local events, run = KEYS[1], KEYS[2]
local FIRST_OBSOLETE = 3
local args = cjson.decode(ARGV[1])

local state = redis.call('HMGET', run, 'generation', 'seq', 'closed')
local old_generation, seq, closed = state[1], state[2], state[3]
if not closed or old_generation .. '-' .. seq ~= args.head then
  return 0
end
local generation = create_generation(args.tag)
if generation <= old_generation then
  return 0
end
redis.call('DEL', events)
for i, event in ipairs(args.events) do
  redis.call('XADD', events, generation .. '-' .. i, 'e', event)
end
redis.call('HSET', run, 'generation', generation, 'seq', #args.events, 'compacted', args.head)
redis.call('EXPIRE', events, args.ttlSeconds)
redis.call('EXPIRE', run, args.ttlSeconds)
for i = FIRST_OBSOLETE, #KEYS do
  redis.call('DEL', KEYS[i])
end
return 1
