-- Returns the list of the run's turns with a call whose end was not reported.
-- @include shared/ledger

local turns = {}
local fields = redis.call('HGETALL', run)
for i = 1, #fields, 2 do
  local turn = string.match(fields[i], '^' .. last_call_field('(.*)') .. '$')
  local hold = turn and read_hold(fields[i + 1])
  if hold and hold.state ~= 'estimated' then
    turns[#turns + 1] = turn
  end
end
return turns
