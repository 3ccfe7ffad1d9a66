--[[
  Ends a crawl exactly when nothing of it is left: no request waits, no link is on its way to another shard,
  and no producer is active (or the lease of each has run out). Its webhook, if there is one, is told of the
  end. It is also told when the number of dead letters has reached its threshold: once, until the crawl has
  ended with fewer. An end with the same counters as the last one (all replayed requests died again) is told
  to nobody and keeps its former time. Of a crawl with parts on several shards, each part ends so, but that
  of home only with `others`: what the other parts have counted (accepted, recorded, refused, dead), and
  whether all of them have ended, `areDone`. Returns 1 if the crawl ended by this call.
    NS:c:CRAWL:producers (ZSET) active producers by the end of their lease (ms)
]]
--- include frontier/lua/crawl/tell.lua
--- include frontier/lua/crawl/waiting-of.lua
--- include frontier/lua/crawl/left-of.lua
local NOTHING = { accepted = 0, recorded = 0, refused = 0, dead = 0, areDone = true }

local function finishIfDone(ns, crawl, now, others)
  local c = ns .. ':c:' .. crawl
  local accepted, recorded, refused, deadCount, state, webhook, threshold, told, linksOut, parked, shards =
    unpack(redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead', 'state', 'webhook', 'webhookDead', 'deadTold', 'out', 'parked', 'shards'))
  if shards and not others then return 0 end
  others = others or NOTHING
  local dead = (tonumber(deadCount) or 0) + others.dead
  if threshold and webhook and threshold ~= told and dead >= tonumber(threshold) and state ~= 'cancelled' then
    redis.call('HSET', c, 'deadTold', threshold)
    tell(ns, crawl, 'crawl.dead', now, threshold)
  end
  if state ~= 'running' or not others.areDone or waitingOf(accepted, recorded, refused, deadCount) > 0 then return 0 end
  if (linksOut and linksOut ~= '0') or (parked and parked ~= '0') or isHeld(c, now) then return 0 end
  redis.call('HSET', c, 'state', 'finished')
  redis.call('ZREM', ns .. ':active', crawl)
  redis.call('DEL', c .. ':not-due')
  if threshold and dead < tonumber(threshold) then redis.call('HDEL', c, 'deadTold') end
  local sum = function(own, other) return (tonumber(own) or 0) + other end
  local ending = table.concat({ sum(accepted, others.accepted), sum(recorded, others.recorded), sum(refused, others.refused), dead }, ' ')
  if redis.call('HGET', c, 'ending') == ending then return 1 end
  redis.call('HSET', c, 'ending', ending, 'finishedAt', now)
  if webhook then tell(ns, crawl, 'crawl.finished', now) end
  return 1
end
