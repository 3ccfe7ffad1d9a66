--[[
  Stores what was decided about hosts (src/politeness/backoff.ts). A host that has changed since it was read
  is not stored. Consumers hear of a longer pause, and of a host that obeys a clock from now on.

  KEYS[1]  NS:held
  ARGV[1]  NS
  ARGV[2]  limiter key of a host
  ARGV[3]  its version when it was read, '' for none
  ARGV[4]  when it stops being held back (ms), 0 if it is not
  ARGV[5]  how long all of this is kept (ms)
  ARGV[6]  for how long from now its rate allows no start (ms)
  ARGV[7]  number of fields and values
  ARGV[8]  and all of these after it: a field, its value, the next field…
  ARGV[…]  and all after these: the same of the other hosts
  Answers  for each host 'kept', or 'changed' when another process had changed it

  NS:held (ZSET) limiter keys that are paused or slowed, by when that ends (ms)
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/note-time.lua
--- include politeness/lua/limiter/key-event.lua
local ns = ARGV[1]
local now = redisTime()

local function isTimed(pace, hint)
  return (tonumber(pace) or 0) > 0 or (tonumber(hint) or 0) > 0
end

-- `known`: pause, pace and hint until now.
local function tellChanges(key, known, startsApart, changes)
  local later = { pause = known.pause, pace = known.pace, hint = known.hint }
  for at = 1, #changes, 2 do later[changes[at]] = changes[at + 1] end
  local pause = tonumber(later.pause) or 0
  if pause > now and pause > (tonumber(known.pause) or 0) then tellOfKey(ns, 'pause', math.ceil(pause - now), key) end
  local isNew = startsApart > 0 or not isTimed(known.pace, known.hint)
  if isTimed(later.pace, later.hint) and isNew then tellOfKey(ns, 'timed', 0, key) end
end

-- `changes`: fields and their values, in turn. Answers whether it was kept.
local function store(key, version, heldUntil, keep, startsApart, changes)
  local k = ns .. ':k:' .. key
  local current, pause, pace, hint, tat = unpack(redis.call('HMGET', k, 'version', 'pause', 'pace', 'hint', 'tat'))
  if (current or '') ~= version then return false end
  tellChanges(key, { pause = pause, pace = pace, hint = hint }, startsApart, changes)
  noteTime(k, now)
  redis.call('HINCRBY', k, 'version', 1)
  if #changes > 0 then redis.call('HSET', k, unpack(changes)) end
  if startsApart > 0 then redis.call('HSET', k, 'tat', math.max(now + startsApart, tonumber(tat) or 0)) end
  gateKeep(k, keep)
  if heldUntil > now then redis.call('ZADD', ns .. ':held', heldUntil, key) else redis.call('ZREM', ns .. ':held', key) end
  return true
end

local out = {}
local i = 2
while i <= #ARGV do
  local key, version, heldUntil, keep, startsApart, count = unpack(ARGV, i, i + 5)
  local first = i + 6
  i = first + tonumber(count)
  local changes = { unpack(ARGV, first, i - 1) }
  local isKept = store(key, version, tonumber(heldUntil), tonumber(keep), tonumber(startsApart), changes)
  out[#out + 1] = isKept and 'kept' or 'changed'
end
redis.call('ZREMRANGEBYSCORE', ns .. ':held', '-inf', now)
return out
