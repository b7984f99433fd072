-- begin: claims a record, or says why not.
--
-- KEYS[1]  the record's hash
-- ARGV[1]  id: the record's, named in the reply
-- ARGV[2]  fingerprint: 64 hex digits
-- ARGV[3]  fingerprint version
-- ARGV[4]  owner: the token of this attempt
-- ARGV[5]  lease in milliseconds
-- ARGV[6]  time to live in milliseconds, counted from the first attempt
-- ARGV[7]  stored form that the caller reads
-- ARGV[8]  process that makes the attempt, host:id, for those who look
--
-- Replies {id, outcome, ...} with one of these outcomes:
--   ACQUIRED, mode               absent, own, or lease over: PENDING with this owner; mode is FRESH, OWN or TAKEOVER
--   IN_PROGRESS, claim, left     PENDING of another owner; claim changes with each renewal, left is its lease in milliseconds
--   COMPLETED, response, trace   the stored answer; trace is where it was given, or empty
--   FAILED, code, text, details, trace  the stored final failure
--   LEDGER                       settled, but the outcome is not kept here, not in the caller's form, or of a fingerprint that cannot be compared
--   MISMATCH, state              another request is PENDING or SETTLED under the record
--   FOREIGN                      something under the name that is no record
local key, id, owner = KEYS[1], ARGV[1], ARGV[4]
-- A dead claim goes away so many milliseconds after its lease, not after the 24 hours of an answer: long enough to be taken
-- over, and too short to keep anybody out who comes with another request.
local margin = 1000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is no number becomes the shortest time: nothing is ever written that does not end.
local lease = math.max(tonumber(ARGV[5]) or 1, 1)
local time_to_live = math.max(tonumber(ARGV[6]) or 1, 1)

local kind = redis.call('TYPE', key).ok
if kind ~= 'hash' and kind ~= 'none' then
  return {id, 'FOREIGN'}
end
local mode = 'FRESH'
local stamp = string.format('%d', now)
local expires, first, claimed, attempts = string.format('%d', now + time_to_live), stamp, stamp, 1
if kind == 'hash' then
  local record = redis.call('HMGET', key, 'state', 'fingerprint', 'fingerprint_version', 'owner', 'lease_ends_ms', 'form', 'kept',
    'expires_ms', 'first_ms', 'claimed_ms', 'attempts')
  local state, fingerprint, version = record[1], record[2], record[3]
  local is_other = version == ARGV[3] and fingerprint ~= ARGV[2]
  if not (fingerprint and version) then
    return {id, 'FOREIGN'}
  elseif state == 'COMPLETED' or state == 'FAILED' then
    if is_other then
      return {id, 'MISMATCH', 'SETTLED'}
    end
    if record[7] ~= 'here' or record[6] ~= ARGV[7] or version ~= ARGV[3] then
      return {id, 'LEDGER'}
    end
    local outcome = redis.call('HMGET', key, 'response', 'code', 'text', 'details', 'trace')
    if state == 'COMPLETED' and outcome[1] then
      return {id, state, outcome[1], outcome[5] or ''}
    end
    if state == 'FAILED' and outcome[2] and outcome[3] and outcome[4] then
      return {id, state, outcome[2], outcome[3], outcome[4], outcome[5] or ''}
    end
    return {id, 'FOREIGN'}
  end
  local lease_ends = tonumber(record[5])
  if state ~= 'PENDING' or not (record[4] and lease_ends) then
    return {id, 'FOREIGN'}
  end
  -- A claim that should have gone from here, or whose lease ends later than any could (it was given by a clock that has since
  -- been set back), is in nobody's way.
  local is_forgotten = lease_ends + margin <= now or lease_ends > now + 2 * lease
  if is_other and not is_forgotten then
    return {id, 'MISMATCH', 'PENDING'}
  elseif record[4] == owner then
    mode = 'OWN'
  elseif lease_ends > now and not is_forgotten then
    redis.call('HSET', key, 'waited', '1')
    return {id, 'IN_PROGRESS', record[4] .. ':' .. record[5], math.min(lease_ends - now, lease)}
  else
    mode = 'TAKEOVER'
  end
  expires = record[8] or expires
  if not is_other then
    -- An empty text is what is not known: the claim is of an older version.
    first = record[9] or ''
    claimed = mode == 'OWN' and (record[10] or '') or stamp
    local made = tonumber(record[11])
    attempts = made and string.format('%d', mode == 'OWN' and made or made + 1) or ''
  end
end

redis.call('HSET', key,
  'state', 'PENDING', 'fingerprint', ARGV[2], 'fingerprint_version', ARGV[3], 'owner', owner,
  'lease_ends_ms', string.format('%d', now + lease), 'expires_ms', expires, 'process', ARGV[8],
  'first_ms', first, 'claimed_ms', claimed, 'attempts', attempts)
redis.call('PEXPIRE', key, string.format('%d', lease + margin))
return {id, 'ACQUIRED', mode}
