--[[
  Notes the delay that the robots.txt of a host asks for.

  KEYS[1]  NS:k:KEY
  ARGV[1]  NS
  ARGV[2]  limiter key
  ARGV[3]  least time between two starts (ms), 0 for none
  ARGV[4]  for how long it is kept (ms)
  Answers  1
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/note-time.lua
--- include politeness/lua/limiter/key-event.lua
local ns, key, ms, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local k = ns .. ':k:' .. key
local now = redisTime()
if ms <= 0 then
  redis.call('HDEL', k, 'crawl', 'crawlSince')
  return 1
end
tellOfKey(ns, 'timed', 0, key)
noteTime(k, now)
redis.call('HSET', k, 'crawl', ms)
redis.call('HSETNX', k, 'crawlSince', now)
-- The fetch of robots.txt was itself a start.
if redis.call('HEXISTS', k, 'pend') == 0 then
  redis.call('HSET', k, 'next', math.max(now + ms, tonumber(redis.call('HGET', k, 'next')) or 0))
end
gateKeep(k, keep + ms)
return 1
