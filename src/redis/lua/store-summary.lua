-- Replaces a session's summary, unless the session has been recreated or another summary was stored in the meantime.
--
-- Arguments: incarnation, from (how many messages the former summary covers), to (how many this one covers), text, at.
-- Returns 1, or 0 if nothing was stored.

local memory = KEYS[1]
local args = cjson.decode(ARGV[1])

local state = redis.call('HMGET', memory, 'born', 'covers')
local incarnation, covers = state[1], tonumber(state[2] or 0)
if incarnation ~= args.incarnation or covers ~= args.from then
  return 0
end
redis.call('HSET', memory, 'covers', args.to, 'summary', args.text, 'at', args.at)
return 1
