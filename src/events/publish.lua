-- Publishes events in a stream, each under its own number, so that none is ever published twice or out of order.
-- KEYS[1]  the stream
-- ARGV[1]  the number that the stream is expected to have come to
-- ARGV[2]  about how many entries the stream is to keep
-- ARGV[3…] the events, in rising order of their numbers: of each how many arguments follow, its number, names and values of its fields
-- Returns  the number that the stream has come to. If that was another than expected before, nothing was published.
local function last_number()
  if redis.call('EXISTS', KEYS[1]) == 0 then
    return '0'
  end
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return string.match(info[i + 1], '^(%d+)-')
    end
  end
end

local last = last_number()
if last ~= ARGV[1] then
  return last
end
local at = 3
while at <= #ARGV do
  local width = tonumber(ARGV[at])
  last = ARGV[at + 1]
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], last .. '-0', unpack(ARGV, at + 2, at + width))
  at = at + width + 1
end
return last
