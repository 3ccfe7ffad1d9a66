--- include frontier/lua/tell.lua
--[[
  Ends a crawl exactly when nothing of it is left: nothing waiting, and no producer at work on it (or its lease has run out). Its webhook, if it
  has one, is told of that, and of so many dead letters as it asked for: once, until a replay has made them fewer (replay.lua).
]]
local function finishIfDone(ns, crawl, now)
  local c = ns .. ':c:' .. crawl
  local v = redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead', 'state', 'webhook', 'webhookDead', 'deadTold')
  local dead = tonumber(v[4]) or 0
  if v[7] and v[6] and v[7] ~= v[8] and dead >= tonumber(v[7]) and v[5] ~= 'cancelled' then
    redis.call('HSET', c, 'deadTold', v[7])
    tell(ns, crawl, 'crawl.dead', now, v[7])
  end
  local waiting = (tonumber(v[1]) or 0) - (tonumber(v[2]) or 0) - (tonumber(v[3]) or 0) - dead
  if waiting > 0 or v[5] ~= 'running' then return 0 end
  redis.call('ZREMRANGEBYSCORE', c .. ':producers', '-inf', now)
  if redis.call('ZCARD', c .. ':producers') > 0 then return 0 end
  redis.call('HSET', c, 'state', 'finished', 'finishedAt', now)
  redis.call('ZREM', ns .. ':active', crawl)
  if v[6] then tell(ns, crawl, 'crawl.finished', now) end
  return 1
end
