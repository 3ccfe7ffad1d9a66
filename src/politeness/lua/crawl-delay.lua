--[[
  The robots.txt of a host asks for a delay.
    KEYS[1] any key of the namespace
    ARGV    1 NS  2 limiter key  3 least time between two starts (ms), 0 for none  4 for how long it is kept (ms)
]]
--- include politeness/lua/gate.lua
local ns, key, ms, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local k = ns .. ':k:' .. key
local now = redisTime()
if ms <= 0 then return redis.call('HDEL', k, 'crawl', 'crawlSince') end
redis.call('HSET', k, 'crawl', ms)
redis.call('HSETNX', k, 'crawlSince', now)
-- The robots.txt itself was a start.
if redis.call('HEXISTS', k, 'pend') == 0 then
  redis.call('HSET', k, 'next', math.max(now + ms, tonumber(redis.call('HGET', k, 'next')) or 0))
end
gateKeep(k, keep + ms)
redis.call('PUBLISH', ns .. ':keys', 'timed 0 ' .. key)
return 1
