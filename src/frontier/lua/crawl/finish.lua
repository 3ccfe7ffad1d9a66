--[[
  Ends a crawl exactly when nothing of it is left: no request waits, and no producer is active (or the lease
  of each has run out). Its webhook, if there is one, is told of the end. It is also told when the number of
  dead letters has reached its threshold: once, until the crawl has ended with fewer. An end with the same
  counters as the last one (all replayed requests died again) is told to nobody and keeps its former time.
  Returns 1 if the crawl ended by this call.
    NS:c:CRAWL:producers (ZSET) active producers by the end of their lease (ms)
]]
--- include frontier/lua/crawl/tell.lua
--- include lua/clamp-leases.lua
--- include frontier/lua/crawl/waiting-of.lua
-- Of a producer, and the longest there is: that of a replay (src/frontier/replay.ts).
local PRODUCER_LEASE_MS, LONGEST_LEASE_MS = 5000, 10100

local function finishIfDone(ns, crawl, now)
  local c = ns .. ':c:' .. crawl
  local accepted, recorded, refused, deadCount, state, webhook, threshold, told =
    unpack(redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead', 'state', 'webhook', 'webhookDead', 'deadTold'))
  local dead = tonumber(deadCount) or 0
  if threshold and webhook and threshold ~= told and dead >= tonumber(threshold) and state ~= 'cancelled' then
    redis.call('HSET', c, 'deadTold', threshold)
    tell(ns, crawl, 'crawl.dead', now, threshold)
  end
  if state ~= 'running' or waitingOf(accepted, recorded, refused, dead) > 0 then return 0 end
  redis.call('ZREMRANGEBYSCORE', c .. ':producers', '-inf', now)
  if redis.call('ZCARD', c .. ':producers') > 0 then
    clampLeases(c .. ':producers', now, LONGEST_LEASE_MS, PRODUCER_LEASE_MS)
    return 0
  end
  redis.call('HSET', c, 'state', 'finished')
  redis.call('ZREM', ns .. ':active', crawl)
  redis.call('DEL', c .. ':not-due')
  if threshold and dead < tonumber(threshold) then redis.call('HDEL', c, 'deadTold') end
  local ending = table.concat({ accepted or 0, recorded or 0, refused or 0, dead }, ' ')
  if redis.call('HGET', c, 'ending') == ending then return 1 end
  redis.call('HSET', c, 'ending', ending, 'finishedAt', now)
  if webhook then tell(ns, crawl, 'crawl.finished', now) end
  return 1
end
