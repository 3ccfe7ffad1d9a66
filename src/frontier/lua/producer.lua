--[[
  A producer of a crawl is alive (lease > 0), or has offered all that it had (0): then the crawl may be at its end.
    KEYS[1] NS:c:CRAWL  ·  ARGV 1 NS  2 crawl  3 producer ('' to ask only for the end)  4 lease (ms)
  Answers 1 if the crawl ended by this call.
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/finish.lua
local now = redisTime()
local producers = KEYS[1] .. ':producers'
if ARGV[3] ~= '' then
  if tonumber(ARGV[4]) > 0 then
    redis.call('ZADD', producers, now + tonumber(ARGV[4]), ARGV[3])
  else
    redis.call('ZREM', producers, ARGV[3])
    -- A replay holds a crawl open too, but offers nothing.
    if not string.find(ARGV[3], '^replay%-') then redis.call('HDEL', KEYS[1], 'offering') end
  end
end
return finishIfDone(ARGV[1], ARGV[2], now)
