--[[
  A replay that held a crawl open has ended. The crawl may now end. The mark of a producer that has not
  offered everything stays as it is.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  the name under which it was held (stay-with-crawl.lua)
  Answers  1 if the crawl ended by this call, else 0
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
local ns, crawl, holder = ARGV[1], ARGV[2], ARGV[3]
redis.call('ZREM', ns .. ':c:' .. crawl .. ':producers', holder)
return finishIfDone(ns, crawl, redisTime())
