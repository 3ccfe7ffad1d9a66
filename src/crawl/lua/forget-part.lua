--[[
  Removes what is left of the part of a crawl on a shard that is not home, after its lanes, its seen set, its
  dead letters and its jobs have been removed in steps. To do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  1
]]
--- include crawl/lua/end/remove-part.lua
local ns, crawl = ARGV[1], ARGV[2]
redis.call('ZREM', ns .. ':active', crawl)
removePart(ns .. ':c:' .. crawl)
return 1
