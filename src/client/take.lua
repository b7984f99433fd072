-- Asks whether a consumer may handle an entry now, and counts the attempt if so.
-- KEYS[1]  the stream
-- KEYS[2]  the ids of the events that were handled
-- KEYS[3]  how often events that were not yet handled have been tried
-- ARGV[1]  group
-- ARGV[2]  consumer
-- ARGV[3]  entry
-- ARGV[4]  event
-- ARGV[5]  memory in ms
-- Returns  what is so, and what follows it:
--   HANDLED        the event was handled before
--   LOST           another consumer has claimed the entry
--   EARLIER        the consumer was given an older entry, of which it has not heard
--   OURS, attempt  it may; this is its so manieth attempt, whoever made those before
if redis.call('ZSCORE', KEYS[2], ARGV[4]) then
  return { 'HANDLED' }
end
local oldest = redis.call('XPENDING', KEYS[1], ARGV[1], '-', ARGV[3], 1, ARGV[2])[1]
if oldest and oldest[1] ~= ARGV[3] then
  return { 'EARLIER' }
end
-- An entry that was trimmed, or went with the stream, is nobody's: who has it in memory is the last who can handle it.
if not oldest and #redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3]) > 0 then
  return { 'LOST' }
end
local attempt = redis.call('HINCRBY', KEYS[3], ARGV[4], 1)
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return { 'OURS', attempt }
