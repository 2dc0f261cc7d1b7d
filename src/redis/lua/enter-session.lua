-- Takes a place in a session's queue, once per run.
--
-- Arguments: run, ttlSeconds, onlyIfFree (take no place while other runs are in the queue).
-- Returns the list of runs ahead, the active one first.

local queue = KEYS[1]
local args = cjson.decode(ARGV[1])

local ahead = redis.call('LRANGE', queue, 0, -1)
for i, run in ipairs(ahead) do
  if run == args.run then
    return { unpack(ahead, 1, i - 1) }
  end
end
if #ahead == 0 or not args.onlyIfFree then
  redis.call('RPUSH', queue, args.run)
end
redis.call('EXPIRE', queue, args.ttlSeconds)
return ahead
