-- The operator ends the pause of a limiter key, whoever made it. The reasons for its pause and its slower
-- pace are forgotten. What the host does from now on is noticed anew.
--- include politeness/lua/limiter/key-event.lua
local function endPause(ns, key)
  tellOfKey(ns, 'resume', 0, key)
  redis.call('HDEL', ns .. ':k:' .. key, 'pause', 'pauseWhy', 'pauseSince', 'refusals', 'refusedSince', 'answers', 'failures', 'refused',
    'pace', 'paceWhy', 'paceSince')
  redis.call('HINCRBY', ns .. ':k:' .. key, 'version', 1)
  redis.call('ZREM', ns .. ':held', key)
end
