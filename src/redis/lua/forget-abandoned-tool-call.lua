-- Removes a run of a question unless it was taken over after it was abandoned.
--
-- Keys: the runs of a question, by the end of their lease; 0 marks an abandoned one. Arguments: run.
-- Returns whether it was removed: 1 or 0.

local runs = KEYS[1]
local args = cjson.decode(ARGV[1])

if redis.call('ZSCORE', runs, args.run) ~= '0' then
  return 0
end
return redis.call('ZREM', runs, args.run)
