-- Says that a consumer is alive: the entries that it was given are claimed by nobody else for a while. Those that another has
-- claimed meanwhile stay there, and those that were trimmed stay pending, so that their loss is noticed.
-- KEYS[1]  the stream
-- ARGV[1]  group
-- ARGV[2]  consumer
-- ARGV[3]  limit
-- Returns  how many entries it has.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[3], ARGV[2])
for _, entry in ipairs(pending) do
  if #redis.call('XRANGE', KEYS[1], entry[1], entry[1]) > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1], 'JUSTID')
  end
end
return #pending
