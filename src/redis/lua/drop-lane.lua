-- Takes the turns of a run from the express lane, because the run was not started, or nobody knows whether it was.
--
-- Keys: run, then each turn.
-- Arguments: owner, ttlSeconds (of the keys of a run that nobody has opened).
-- Returns nothing. The epochs stay, because another attempt must not count from 1 again, and so do results: if the run was started after all,
-- nothing is paid twice.

local run = KEYS[1]
local args = cjson.decode(ARGV[1])

local is_opened = redis.call('HEXISTS', run, 'once:run.started') == 1
for i = 2, #KEYS do
  local turn = KEYS[i]
  if redis.call('HGET', turn, 'owner') == args.owner then
    redis.call('HDEL', turn, 'owner', 'lane_until', 'lane_worker', 'lane_failure')
    if not is_opened then
      redis.call('EXPIRE', turn, args.ttlSeconds)
    end
  end
end
if not is_opened then
  redis.call('EXPIRE', run, args.ttlSeconds)
end
