-- Arguments: tag.
-- Returns the newest position of the stream, and of the longer stream that it was compacted from: {generation, seq, compacted}; nil
-- if nothing is known of the run.
-- @include shared/stream

local events, run = unpack(KEYS)
local args = cjson.decode(ARGV[1])

local generation = find_generation(events, run, args.tag)
if not generation then
  return false
end
return cjson.encode({
  generation = generation,
  seq = tonumber(redis.call('HGET', run, 'seq') or 0),
  compacted = redis.call('HGET', run, 'compacted') or nil,
})
