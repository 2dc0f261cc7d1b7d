-- Reads a session atomically. This is a script because an out-of-memory Redis rejects even a transaction that only reads.
--
-- Returns a list of the messages, the alternating fields and values of the session's memory, and the TTL in seconds. Not JSON, which
-- would encode the messages a second time: they are JSON themselves and up to 8 MB.

local messages, memory = unpack(KEYS)
return { redis.call('LRANGE', messages, 0, -1), redis.call('HGETALL', memory), redis.call('TTL', messages) }
