-- Acknowledges an entry and remembers its event, so that both happen or neither does. Whatever is remembered has its end: after a
-- time without news all of it, and before that what is old, and the oldest once there is too much.
-- KEYS[1]  the stream
-- KEYS[2]  the ids of the events that were handled
-- KEYS[3]  how often events that were not yet handled have been tried
-- KEYS[4]  the dead letters
-- ARGV[1]  group
-- ARGV[2]  entry
-- ARGV[3]  event, or nothing if the entry is none
-- ARGV[4]  now in ms
-- ARGV[5]  memory in ms
-- ARGV[6]  most remembered
-- ARGV[7]  most dead letters, or 0 if this is none
-- ARGV[8]  reason why it is a dead letter
-- Returns  how many entries were acknowledged.
local FIELDS_MAX = 1000

if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', tonumber(ARGV[4]) - tonumber(ARGV[5])))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[6]) - 1)
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
  redis.call('HDEL', KEYS[3], ARGV[3])
end
if ARGV[7] ~= '0' then
  -- The fields are copied here, byte for byte, also where they are no text.
  local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
  local fields = entry and entry[2] or {}
  redis.call(
    'XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', 'deadentry', ARGV[2], 'deadreason', ARGV[8],
    unpack(fields, 1, math.min(#fields, FIELDS_MAX))
  )
end
return redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
