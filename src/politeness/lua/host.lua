--[[
  The operator's hand on a limiter key: limits that go before all others, a pause, the end of a pause. Its lanes are looked at anew.
    KEYS[1] NS:active
    ARGV    1 NS  2 limiter key  3 'set', 'pause' or 'resume'  then for set: pairs of field (conc, delay, max, dur) and value, '' to take it
            back; for pause: milliseconds
]]
--- include politeness/lua/gate.lua
local ns, key, verb = ARGV[1], ARGV[2], ARGV[3]
local k = ns .. ':k:' .. key
local now = redisTime()
local names = { 'o:conc', 'o:delay', 'o:max', 'o:dur' }
if verb == 'set' then
  for i = 4, #ARGV, 2 do
    if ARGV[i + 1] == '' then redis.call('HDEL', k, 'o:' .. ARGV[i]) else redis.call('HSET', k, 'o:' .. ARGV[i], ARGV[i + 1]) end
  end
  local set = false
  for _, name in ipairs(names) do set = set or redis.call('HEXISTS', k, name) == 1 end
  if set then
    redis.call('HSET', k, 'keep', '1')
    redis.call('PERSIST', k)
    redis.call('SADD', ns .. ':limited', key)
  else
    redis.call('SREM', ns .. ':limited', key)
    local v = redis.call('HMGET', k, 'conc', 'max', 'delay')
    if not (v[1] or v[2] or v[3]) then redis.call('HDEL', k, 'keep') end
    gateKeep(k, DAY)
  end
  -- What an older, longer delay had promised no longer counts.
  local delay = tonumber(redis.call('HGET', k, 'o:delay'))
  local v = redis.call('HMGET', k, 'next', 'pend')
  if delay and not v[2] and (tonumber(v[1]) or 0) > now + delay then redis.call('HSET', k, 'next', now + delay) end
  local max, dur = tonumber(redis.call('HGET', k, 'o:max')), tonumber(redis.call('HGET', k, 'o:dur'))
  local tat = tonumber(redis.call('HGET', k, 'tat'))
  if max and dur and tat and tat > now + dur / max then redis.call('HSET', k, 'tat', now + dur / max) end
  redis.call('PUBLISH', ns .. ':keys', 'timed 0 ' .. key)
elseif verb == 'pause' then
  local ms = tonumber(ARGV[4])
  redis.call('HSET', k, 'pause', now + ms, 'pauseWhy', 'operator', 'pauseSince', now)
  redis.call('HINCRBY', k, 'version', 1)
  redis.call('ZADD', ns .. ':held', now + ms, key)
  gateKeep(k, ms + DAY)
  redis.call('PUBLISH', ns .. ':keys', 'pause ' .. ms .. ' ' .. key)
else
  -- What it is slowed and paused for is forgotten; what it goes on doing is noticed anew.
  redis.call('HDEL', k, 'pause', 'pauseWhy', 'pauseSince', 'refusals', 'refusedSince', 'answers', 'failures', 'refused', 'pace', 'paceWhy', 'paceSince')
  redis.call('HINCRBY', k, 'version', 1)
  redis.call('ZREM', ns .. ':held', key)
  redis.call('PUBLISH', ns .. ':keys', 'resume 0 ' .. key)
end
for _, crawl in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, key)
end
return 1
