-- The event stream of a run.
--
-- A stream id is `<generation>-<seq>`: the generation is the millisecond at which the stream was created, followed by three digits
-- derived from the run's id (the tag); seq counts its entries from 1 without gaps. A stream that was lost or compacted, and then created
-- again, has a later generation. That exposes an old cursor and a cursor of another run.
--
-- A killed Redis may restart without its newest writes, although it had acknowledged them: with `appendfsync everysec` it delays even the
-- write itself while the disk is busy. So each run records which server process wrote last. If another process replies, the stream
-- continues under a new generation, and readers who have seen more than it contains are told to start again.
-- @include shared/clock

local function create_generation(tag)
  return string.format('%d', read_clock()) .. tag
end

local function read_server_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
end

-- Rewrites the remaining entries under a new generation. Returns the generation and the number of entries.
local function renew_stream(events, run, tag, server)
  local generation = create_generation(tag)
  local entries = redis.call('XRANGE', events, '-', '+')
  local ttl = redis.call('TTL', events)
  redis.call('DEL', events)
  for i, entry in ipairs(entries) do
    redis.call('XADD', events, generation .. '-' .. i, 'e', entry[2][2])
  end
  if ttl > 0 then
    redis.call('EXPIRE', events, ttl)
  end
  redis.call('HSET', run, 'generation', generation, 'seq', #entries, 'server', server)
  return generation, #entries
end

-- Returns the generation of a run's stream, its last seq, and the event that closed the run; false if nothing is known of the run.
-- `server` is the id of the server process that executes the script.
local function open_stream(events, run, tag, server)
  local state = redis.call('HMGET', run, 'generation', 'seq', 'closed', 'server')
  local generation, seq, closed, writer = state[1], tonumber(state[2] or 0), state[3], state[4]
  if not generation or writer == server or closed then
    return generation, seq, closed
  end
  return renew_stream(events, run, tag, server)
end

local function find_generation(events, run, tag)
  return (open_stream(events, run, tag, read_server_id()))
end

local function ensure_generation(events, run, tag)
  local generation = find_generation(events, run, tag)
  if not generation then
    generation = create_generation(tag)
    redis.call('HSET', run, 'generation', generation, 'seq', 0, 'server', read_server_id())
  end
  return generation
end

local function publish_once(events, run, generation, name, event)
  if redis.call('HSETNX', run, 'once:' .. name, '1') == 0 then
    return
  end
  redis.call('XADD', events, generation .. '-' .. redis.call('HINCRBY', run, 'seq', 1), 'e', event)
end
