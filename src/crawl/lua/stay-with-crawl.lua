--[[
  A producer of a crawl is alive, or a replay holds the crawl open. The crawl does not end before this lease
  does.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  producer
  ARGV[4]  lease (ms)
  Answers  1, or 0 when there is no such crawl
]]
--- include lua/clock.lua
local ns, crawl, producer, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
-- A crawl that has been forgotten stays gone.
if redis.call('EXISTS', ns .. ':c:' .. crawl) == 0 then return 0 end
local c = ns .. ':c:' .. crawl
if redis.call('ZADD', c .. ':producers', redisTime() + lease, producer) == 1 then redis.call('HINCRBY', c, 'epoch', 1) end
return 1
