-- Makes the consumer group, and the stream, if they are not there. A new group begins with the oldest entry that is kept.
-- KEYS[1]  the stream
-- ARGV[1]  group
-- Returns  the id of the last entry that the group has given to a consumer; 0-0 if it has given none.
local function last_delivered()
  if redis.call('EXISTS', KEYS[1]) == 0 then
    return nil
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local facts = {}
    for i = 1, #group, 2 do
      facts[group[i]] = group[i + 1]
    end
    if facts['name'] == ARGV[1] then
      return facts['last-delivered-id']
    end
  end
end

local last = last_delivered()
if last then
  return last
end
redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
return '0-0'
