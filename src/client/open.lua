-- Makes the consumer group, and the stream, if they are not there. A new group begins with the oldest entry that is kept: as if it had been
-- given the one before, so that what is trimmed before it has been given anything is missed by it.
-- KEYS[1]  the stream
-- ARGV[1]  group
-- Returns  {the id of the last entry that the group has given to a consumer, 0-0 if it has given none; 1 if the group was made now, or 0}
local function facts_of(reply)
  local facts = {}
  for i = 1, #reply, 2 do
    facts[reply[i]] = reply[i + 1]
  end
  return facts
end

local is_there = redis.call('EXISTS', KEYS[1]) == 1
if is_there then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local facts = facts_of(group)
    if facts['name'] == ARGV[1] then
      return {facts['last-delivered-id'], 0}
    end
  end
end

local last = '0-0'
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if oldest then
  local number = string.match(oldest[1], '^(%d+)%-0$')
  if number then
    last = string.format('%.0f-0', tonumber(number) - 1)
  end
elseif is_there then
  last = facts_of(redis.call('XINFO', 'STREAM', KEYS[1]))['last-generated-id']
end
redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], last, 'MKSTREAM')
return {last, 1}
