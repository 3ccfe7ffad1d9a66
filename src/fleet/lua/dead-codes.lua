--[[
  Counts dead letters by code, for one page of the groups of the index (frontier/lua/dead/index-dead.lua).
  Groups with the latest deaths come first.

  KEYS[1]  NS:dead:groups
  ARGV[1]  NS
  ARGV[2]  first group
  ARGV[3]  last group
  Answers  JSON: `groups`, the number of groups on that page, and `counts`, the letters by code
]]
local ns, first, last = ARGV[1], ARGV[2], ARGV[3]
local groups = redis.call('ZREVRANGE', ns .. ':dead:groups', first, last)
local counts = {}
for _, group in ipairs(groups) do
  local code = string.match(group, '^[^\31]*')
  counts[code] = (counts[code] or 0) + redis.call('ZCARD', ns .. ':dead:g:' .. group)
end
return cjson.encode({ groups = #groups, counts = counts })
