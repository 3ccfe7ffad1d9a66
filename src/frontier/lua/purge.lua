--[[
  Purges dead letters: out of the failed set, the index and the crawl's memory. The crawl's counters stay: they still say how many died.
    KEYS[1] any key of the namespace  ·  ARGV 1 NS, then four each: crawl, id, group (dead-index.lua), when BullMQ says that it died (ms)
  One that was replayed meanwhile stays, though it may have died once more: that death is another, which nobody has seen yet.
  Answers how many were purged.
]]
--- include frontier/lua/dead-index.lua
local ns = ARGV[1]
local purged = 0
for i = 2, #ARGV, 4 do
  local c, id = ns .. ':c:' .. ARGV[i], ARGV[i + 1]
  local job = ARGV[i] .. '.' .. id
  local same = redis.call('HGET', ns .. ':requests:' .. job, 'finishedOn') == ARGV[i + 3]
  if same and redis.call('HEXISTS', c .. ':open', id) == 0 and removeFailed(ns, job) then
    unindexDead(ns, ARGV[i + 2], job)
    redis.call('HDEL', c .. ':dead', id)
    purged = purged + 1
  end
end
return purged
