--[[
  Ends a crawl of which nothing is left: its producer may have died before it could leave.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  1 if the crawl ended by this call, else 0
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
local ns, crawl = ARGV[1], ARGV[2]
return finishIfDone(ns, crawl, redisTime())
