--[[
  Counts dead letters by code, for one page of the groups in the index (frontier/lua/dead-index.lua), newest first.
    KEYS[1] NS:dead:groups  ·  ARGV 1 NS  2 first group  3 last group
  Returns the number of groups in the page, then code and count in turn.
]]
local groups = redis.call('ZREVRANGE', KEYS[1], ARGV[2], ARGV[3])
local counts = {}
for _, group in ipairs(groups) do
  local code = string.match(group, '^[^\31]*')
  counts[code] = (counts[code] or 0) + redis.call('ZCARD', ARGV[1] .. ':dead:g:' .. group)
end
local out = { #groups }
for code, count in pairs(counts) do
  out[#out + 1] = code
  out[#out + 1] = count
end
return out
