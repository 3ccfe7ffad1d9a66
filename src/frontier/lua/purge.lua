--[[
  Purges dead letters: out of the failed set, the index and the crawl's memory. The crawl's counters stay: they still say how many died.
    KEYS[1] any key of the shard  ·  ARGV 1 NS, then three each: crawl, id, group (dead-index.lua)
  Answers how many were dead letters.
]]
--- include frontier/lua/dead-index.lua
local ns = ARGV[1]
local purged = 0
for i = 2, #ARGV, 3 do
  local c, id, group = ns .. ':c:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local job = ARGV[i] .. '.' .. id
  unindexDead(ns, group, job)
  if redis.call('HEXISTS', c .. ':open', id) == 0 and removeFailed(ns, job) then
    redis.call('HDEL', c .. ':dead', id)
    purged = purged + 1
  end
end
return purged
