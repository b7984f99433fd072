-- announce: says what a process runs, until it says so again.
--
-- KEYS[1]  the names of what processes have said, each with the time at which it is over
-- KEYS[2]  what this process says
-- ARGV[1]  text: sealed; empty if it runs nothing any more
-- ARGV[2]  time to live in milliseconds
local board, own, text = KEYS[1], KEYS[2], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local time_to_live = math.max(tonumber(ARGV[2]) or 1, 1)
redis.call('ZREMRANGEBYSCORE', board, '-inf', string.format('%d', now))
if text == '' then
  redis.call('ZREM', board, own)
  redis.call('DEL', own)
else
  redis.call('SET', own, text, 'PX', string.format('%d', time_to_live))
  redis.call('ZADD', board, string.format('%d', now + time_to_live), own)
  redis.call('PEXPIRE', board, string.format('%d', time_to_live))
end
