--[[
  A host asked for more time between two starts: by Crawl-delay in its robots.txt, or by the quota that is left.
    KEYS[1] any key of the namespace
    ARGV    1 NS  2 limiter key  3 'crawl' or 'hint'  4 least time between two starts (ms), 0 for none  5 for how long (ms)
]]
--- include politeness/lua/gate.lua
local ns, key, kind, ms, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local k = ns .. ':k:' .. key
local now = redisTime()
if ms <= 0 then return redis.call('HDEL', k, kind) end
redis.call('HSET', k, kind, ms)
if kind == 'hint' then
  local tat = math.max(now + ms, tonumber(redis.call('HGET', k, 'tat')) or 0)
  redis.call('HSET', k, 'hintUntil', now + keep, 'tat', tat)
elseif redis.call('HEXISTS', k, 'pend') == 0 then
  -- The robots.txt itself was a start.
  redis.call('HSET', k, 'next', math.max(now + ms, tonumber(redis.call('HGET', k, 'next')) or 0))
end
gateKeep(k, keep + ms)
redis.call('PUBLISH', ns .. ':keys', 'timed 0 ' .. key)
return 1
