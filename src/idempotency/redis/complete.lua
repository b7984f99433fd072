-- complete: settles a record as COMPLETED, and wakes whoever waits for it.
--
-- KEYS[1]  the record's hash
-- ARGV[1]  id: the record's, named in the reply and published
-- ARGV[2]  owner: the token of the attempt
-- ARGV[3]  fingerprint: 64 hex digits
-- ARGV[4]  fingerprint version
-- ARGV[5]  time to live in milliseconds, from now, if the time of the first attempt is not known here
-- ARGV[6]  channel on which waiters listen
-- ARGV[7]  stored form
-- ARGV[8]  kept: `here`, or `ledger` if the answer is too large to be kept here
-- ARGV[9]  response: the answer's bytes; empty if it is kept in the ledger
-- ARGV[10] trace: the traceparent of the attempt, or empty
--
-- Replies {id, outcome} with one of these outcomes:
--   DONE  absent, or PENDING and its own: COMPLETED until its time to live is over
--   LOST  another's, or settled already, or no record at all: nothing was changed
local key, id, owner = KEYS[1], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expires = now + (tonumber(ARGV[5]) or 0)
local waited = true
-- For those who look: what is known of the first attempt, and of how many there were.
local first, attempts = '', ''

local kind = redis.call('TYPE', key).ok
if kind ~= 'none' then
  if kind ~= 'hash' then
    return {id, 'LOST'}
  end
  local record = redis.call('HMGET', key, 'state', 'owner', 'expires_ms', 'waited', 'first_ms', 'attempts')
  if record[1] ~= 'PENDING' or record[2] ~= owner then
    return {id, 'LOST'}
  end
  expires = math.min(tonumber(record[3]) or expires, expires)
  waited = record[4]
  first, attempts = record[5] or '', record[6] or ''
end

redis.call('DEL', key)
if expires > now then
  redis.call('HSET', key,
    'state', 'COMPLETED', 'fingerprint', ARGV[3], 'fingerprint_version', ARGV[4],
    'form', ARGV[7], 'kept', ARGV[8], 'response', ARGV[9], 'trace', ARGV[10],
    'first_ms', first, 'attempts', attempts)
  redis.call('PEXPIREAT', key, string.format('%d', expires))
end
if waited then
  -- Who may not publish has done the rest all the same: waiters look again by themselves.
  redis.pcall('PUBLISH', ARGV[6], id)
end
return {id, 'DONE'}
