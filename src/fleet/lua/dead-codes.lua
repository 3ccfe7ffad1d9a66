--[[
  Dead letters by code, of one page of the index's groups (frontier/lua/dead/index-dead.lua), those of the
  latest deaths first.

  KEYS[1]  NS:dead:groups
  ARGV[1]  NS
  ARGV[2]  first group
  ARGV[3]  last group
  Answers  JSON: `groups`, how many there were on that page, and `counts`, letters by code
]]
local ns, first, last = ARGV[1], ARGV[2], ARGV[3]
local groups = redis.call('ZREVRANGE', ns .. ':dead:groups', first, last)
local counts = {}
for _, group in ipairs(groups) do
  local code = string.match(group, '^[^\31]*')
  counts[code] = (counts[code] or 0) + redis.call('ZCARD', ns .. ':dead:g:' .. group)
end
return cjson.encode({ groups = #groups, counts = counts })
