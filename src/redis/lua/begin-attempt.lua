-- Makes an attempt the owner of its turn, and opens the run if it is not open yet. Returns what earlier attempts left.
--
-- Arguments: tag, owner (a name unique to this attempt), ttlSeconds, opening (JSON of the event that opens the run; optional), request
-- (the fingerprint of the attempt's request; optional). With a request, an attempt of the express lane at the same request is not taken
-- over while its lease lasts, and what the lane left of another request does not count.
-- Returns {status = 'closed'}, {status = 'inLane', worker}, {status = 'failedInLane', failure (JSON), isCancelled} or {status = 'ok',
-- generation, epoch, nextIndex, text, result, unpublished, route, isForeign, isOpened, isCancelled}; result, unpublished (a result that
-- the lane could not publish) and route are JSON, and absent if there is none; isForeign: the text is that of another request.
-- @include shared/stream

local run, turn, text, events = unpack(KEYS)
local args = cjson.decode(ARGV[1])

local function is_cancelled()
  return redis.call('HEXISTS', run, 'cancelled') == 1
end

-- The field `foreign` stays until the text is dropped (append-turn-events).
local function discard_foreign()
  redis.call('HDEL', turn, 'result', 'route', 'lane', 'lane_until', 'lane_worker', 'lane_failure', 'lane_result')
  if redis.call('EXISTS', text) == 1 then
    redis.call('HSET', turn, 'foreign', 1)
  end
end

-- Returns the reply to an attempt that must not take the turn over, if it must not.
local function heed_lane()
  local fields = redis.call('HMGET', turn, 'lane', 'lane_until', 'lane_worker', 'lane_failure', 'result')
  local request, lease_end, worker, failure, result = unpack(fields)
  if not request or not args.request then
    return nil
  end
  if request ~= args.request then
    return discard_foreign()
  end
  if result then
    return nil
  end
  if lease_end and tonumber(lease_end) > read_clock() then
    return { status = 'inLane', worker = worker }
  end
  if failure then
    redis.call('HDEL', turn, 'lane_failure')
    return { status = 'failedInLane', failure = failure, isCancelled = is_cancelled() }
  end
end

local generation = ensure_generation(events, run, args.tag)
if redis.call('HEXISTS', run, 'closed') == 1 then
  return cjson.encode({ status = 'closed' })
end
if args.opening then
  publish_once(events, run, generation, 'run.started', args.opening)
end
local lane = heed_lane()
if lane then
  return cjson.encode(lane)
end
local epoch = redis.call('HINCRBY', turn, 'epoch', 1)
redis.call('HSET', turn, 'owner', args.owner)
redis.call('HDEL', turn, 'lane_until', 'lane_worker')
for _, key in ipairs(KEYS) do
  redis.call('EXPIRE', key, args.ttlSeconds)
end
local state = redis.call('HMGET', turn, 'next', 'result', 'route', 'lane_result', 'foreign')
return cjson.encode({
  status = 'ok',
  generation = generation,
  epoch = epoch,
  nextIndex = tonumber(state[1] or 0),
  text = redis.call('GET', text) or '',
  result = state[2] or nil,
  route = state[3] or nil,
  unpublished = state[4] or nil,
  isForeign = state[5] ~= false,
  isOpened = redis.call('HEXISTS', run, 'once:run.started') == 1,
  isCancelled = is_cancelled(),
})
