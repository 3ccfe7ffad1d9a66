--[[
  Takes an open request over without a start, to end it as it is.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  id
  Answers  the new claim, or nil when the request has ended
]]
--- include frontier/lua/request/read-open.lua
--- include frontier/lua/request/take-claim.lua
local ns, crawl, id = ARGV[1], ARGV[2], ARGV[3]
local c = ns .. ':c:' .. crawl
local claim, packed = readOpen(c, id)
if not claim then return false end
return takeClaim(c, id, claim, packed)
