-- renew: extends the lease of a claim.
--
-- KEYS[1]  the record's hash
-- ARGV[1]  id: the record's, named in the reply
-- ARGV[2]  owner: the token of the attempt
-- ARGV[3]  lease in milliseconds, from now
--
-- Replies {id, outcome} with one of these outcomes:
--   DONE  the claim is PENDING, its own, and good for another lease
--   LOST  the claim is gone or another's
local key, id = KEYS[1], ARGV[1]
if redis.call('TYPE', key).ok ~= 'hash' then
  return {id, 'LOST'}
end
local record = redis.call('HMGET', key, 'state', 'owner')
if record[1] ~= 'PENDING' or record[2] ~= ARGV[2] then
  return {id, 'LOST'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = math.max(tonumber(ARGV[3]) or 1, 1)
redis.call('HSET', key, 'lease_ends_ms', string.format('%d', now + lease))
redis.call('PEXPIRE', key, string.format('%d', lease + 1000))
return {id, 'DONE'}
