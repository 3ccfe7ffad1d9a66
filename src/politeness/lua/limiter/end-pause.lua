-- The operator ends the pause of a limiter key, whoever made it. What the host is paused and slowed for is
-- forgotten; what it goes on doing is noticed anew.
--- include politeness/lua/limiter/key-event.lua
local function endPause(ns, key)
  redis.call('HDEL', ns .. ':k:' .. key, 'pause', 'pauseWhy', 'pauseSince', 'refusals', 'refusedSince', 'answers', 'failures', 'refused',
    'pace', 'paceWhy', 'paceSince')
  redis.call('HINCRBY', ns .. ':k:' .. key, 'version', 1)
  redis.call('ZREM', ns .. ':held', key)
  tellOfKey(ns, 'resume', 0, key)
end
