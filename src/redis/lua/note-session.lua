-- Sets the stored size of a session until it expires.
--
-- Arguments: session, bytes, ttlSeconds.
-- @include shared/account-usage

local session, bytes, ttl = args.session, args.bytes, args.ttlSeconds

remove_expired_sessions()
local before = to_number(redis.call('HGET', session_bytes, session))
redis.call('HSET', session_bytes, session, bytes)
redis.call('HINCRBY', session_bytes, SUM, bytes - before)
redis.call('ZADD', session_expiry, read_clock() + ttl * 1000, session)
for _, key in ipairs({ session_bytes, session_expiry }) do
  if redis.call('TTL', key) < ttl then
    redis.call('EXPIRE', key, ttl)
  end
end
return 1
