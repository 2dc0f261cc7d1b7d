-- Adds a run's messages to its session, once. Drops the oldest messages beyond the limits, and counts them, so that every message keeps
-- its number. Messages of this run are never dropped.
--
-- Arguments: run, ttlSeconds, keptMessages, keptBytes, incarnation (identifies the session if it starts now), account (the storing
-- account), messages (JSON of each).
-- Returns {bytes, formerAccount}: the session's current size, and the account that stored before, absent if there is none.

local messages, runs, memory = unpack(KEYS)
local args = cjson.decode(ARGV[1])

local function measure_session()
  local noted = tonumber(redis.call('HGET', memory, 'bytes') or nil)
  if noted then
    return noted
  end
  local bytes = 0
  for _, message in ipairs(redis.call('LRANGE', messages, 0, -1)) do
    bytes = bytes + #message
  end
  return bytes
end

local former_account = redis.call('HGET', memory, 'account') or nil
local bytes = measure_session()
if redis.call('SADD', runs, args.run) == 0 then
  return cjson.encode({ bytes = bytes, formerAccount = former_account })
end

redis.call('HSETNX', memory, 'born', args.incarnation)
for _, message in ipairs(args.messages) do
  redis.call('RPUSH', messages, message)
  bytes = bytes + #message
end

local kept, dropped = redis.call('LLEN', messages), 0
while kept > #args.messages and (kept > args.keptMessages or bytes > args.keptBytes) do
  bytes = bytes - #redis.call('LPOP', messages)
  kept, dropped = kept - 1, dropped + 1
end
if dropped > 0 then
  redis.call('HINCRBY', memory, 'dropped', dropped)
end
redis.call('HSET', memory, 'bytes', bytes, 'account', args.account)
for _, key in ipairs(KEYS) do
  redis.call('EXPIRE', key, args.ttlSeconds)
end
return cjson.encode({ bytes = bytes, formerAccount = former_account })
