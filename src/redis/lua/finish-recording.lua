-- Records that the ended runs of an account are in the ledger.
--
-- Arguments: period, ttlSeconds.
-- @include shared/ledger

redis.call('HSET', holds, RECORDED, args.period)
redis.call('EXPIRE', holds, args.ttlSeconds)
return 1
