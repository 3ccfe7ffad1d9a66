--[[
  Purges dead letters: removes them from the failed set, from the index and from the crawl. The counters of
  the crawl stay: they still tell how many died. A letter that was replayed meanwhile stays, even if its
  request has died again: that is another death, which nobody has seen yet.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  and every fourth one after it: crawl of a letter
  ARGV[3]  …: id
  ARGV[4]  …: group (index-dead.lua)
  ARGV[5]  …: when BullMQ says that it died (ms)
  Answers  how many were purged
]]
--- include frontier/lua/dead/unindex-dead.lua
--- include frontier/lua/dead/remove-failed.lua
local ns = ARGV[1]
local purged = 0
for i = 2, #ARGV, 4 do
  local crawl, id, group, diedAt = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local c, job = ns .. ':c:' .. crawl, crawl .. '.' .. id
  local isSame = redis.call('HGET', ns .. ':requests:' .. job, 'finishedOn') == diedAt
  if isSame and redis.call('HEXISTS', c .. ':open', id) == 0 and removeFailed(ns, job) then
    unindexDead(ns, group, job)
    redis.call('HDEL', c .. ':dead', id)
    purged = purged + 1
  end
end
return purged
