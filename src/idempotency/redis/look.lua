-- look: tells what is known of a record, for those who wonder about it, and changes nothing. Times are in milliseconds; what is
-- not known is empty.
--
-- KEYS[1]  the record's hash
-- ARGV[1]  id: the record's, named in the reply
-- ARGV[2]  lease in milliseconds, as claims of the record have it
--
-- Replies {id, outcome, ...} with one of these outcomes:
--   ABSENT     nothing under the name
--   CLAIMED, fingerprint, version, first, attempts, process, claimed, age, left    PENDING; left is 0 where its lease is over
--   COMPLETED, fingerprint, version, first, attempts, form, kept                   an answer is stored, here or in the ledger
--   FAILED, fingerprint, version, first, attempts, form, kept                      a final failure is stored
--   FOREIGN    something under the name that is no record
local key, id = KEYS[1], ARGV[1]
local kind = redis.call('TYPE', key).ok
if kind == 'none' then
  return {id, 'ABSENT'}
elseif kind ~= 'hash' then
  return {id, 'FOREIGN'}
end
local record = redis.call('HMGET', key, 'state', 'fingerprint', 'fingerprint_version', 'first_ms', 'attempts', 'owner',
  'lease_ends_ms', 'process', 'claimed_ms', 'form', 'kept')
local state, fingerprint, version = record[1], record[2], record[3]
if not (fingerprint and version) then
  return {id, 'FOREIGN'}
end
local first, attempts = record[4] or '', record[5] or ''
if state == 'COMPLETED' or state == 'FAILED' then
  return {id, state, fingerprint, version, first, attempts, record[10] or '', record[11] or ''}
end
local lease_ends = tonumber(record[7])
if state ~= 'PENDING' or not (record[6] and lease_ends) then
  return {id, 'FOREIGN'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = math.max(tonumber(ARGV[2]) or 1, 1)
-- As begin has it: a lease that ends later than any could was given by a clock that has since been set back, and is over.
local left = lease_ends - now
left = left > 2 * lease and 0 or math.max(0, math.min(left, lease))
local claimed = tonumber(record[9])
local age = claimed and string.format('%d', math.max(0, now - claimed)) or ''
return {id, 'CLAIMED', fingerprint, version, first, attempts, record[8] or '', record[9] or '', age, string.format('%d', left)}
