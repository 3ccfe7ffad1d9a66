-- The operator pauses a limiter key for `ms` milliseconds, whatever its server says. This also shortens a
-- longer pause.
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/note-time.lua
--- include politeness/lua/limiter/key-event.lua
local function setOperatorPause(ns, key, ms, now)
  tellOfKey(ns, 'pause', ms, key)
  local k = ns .. ':k:' .. key
  noteTime(k, now)
  redis.call('HSET', k, 'pause', now + ms, 'pauseWhy', 'operator', 'pauseSince', now)
  redis.call('HINCRBY', k, 'version', 1)
  redis.call('ZADD', ns .. ':held', now + ms, key)
  gateKeep(k, ms + DAY)
end
