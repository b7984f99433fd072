-- release: gives up a claim, and wakes whoever waits for the record.
--
-- KEYS[1]  the record's hash
-- ARGV[1]  id: the record's, named in the reply and published
-- ARGV[2]  owner: the token of the attempt
-- ARGV[3]  channel on which waiters listen
--
-- Replies {id, outcome} with one of these outcomes:
--   DONE  PENDING and its own: absent now
--   LOST  the claim is gone or another's: nothing was changed
local key, id = KEYS[1], ARGV[1]
if redis.call('TYPE', key).ok ~= 'hash' then
  return {id, 'LOST'}
end
local record = redis.call('HMGET', key, 'state', 'owner', 'waited')
if record[1] ~= 'PENDING' or record[2] ~= ARGV[2] then
  return {id, 'LOST'}
end
redis.call('DEL', key)
if record[3] then
  -- Who may not publish has done the rest all the same: waiters look again by themselves.
  redis.pcall('PUBLISH', ARGV[3], id)
end
return {id, 'DONE'}
