--[[
  Removes what is left of a crawl that is being forgotten, after its lanes, its seen set, its dead letters and
  its jobs have been removed in steps. Its end: nothing in Redis names the crawl any more. To do it again
  changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  1 if the crawl was being forgotten, else 0
]]
--- include crawl/lua/end/remove-part.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
if redis.call('ZREM', ns .. ':forgetting', crawl) == 0 then return 0 end
local name = redis.call('HGET', c, 'name')
removePart(c)
if name and redis.call('HEXISTS', ns .. ':names', name) == 0 then redis.call('HDEL', ns .. ':serials', name) end
return 1
