-- Records once that a range of messages could not be summarised.
--
-- Arguments: incarnation, from (how many messages the summary covers), failed (number of ranges that failed before), most (maximum
-- number of messages of the next range), at.
-- Returns 1, or 0 if the session has changed in the meantime.

local memory = KEYS[1]
local args = cjson.decode(ARGV[1])

local state = redis.call('HMGET', memory, 'born', 'covers', 'failed')
local incarnation, covers, failed = state[1], tonumber(state[2] or 0), tonumber(state[3] or 0)
if incarnation ~= args.incarnation or covers ~= args.from or failed ~= args.failed then
  return 0
end
redis.call('HSET', memory, 'failed', failed + 1, 'most', args.most, 'failed_at', args.at)
return 1
