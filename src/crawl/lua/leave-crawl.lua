--[[
  A producer has offered everything to a crawl and leaves. The crawl may now end.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  producer
  Answers  1 if the crawl ended by this call, else 0
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
local ns, crawl, producer = ARGV[1], ARGV[2], ARGV[3]
local c = ns .. ':c:' .. crawl
redis.call('ZREM', c .. ':producers', producer)
redis.call('HDEL', c, 'offering')
return finishIfDone(ns, crawl, redisTime())
