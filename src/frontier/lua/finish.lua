--- include frontier/lua/tell.lua
--[[
  Ends a crawl exactly when nothing of it is left: nothing waiting, and no producer at work on it (or its lease has run out). Its webhook, if it
  has one, is told of that, and of so many dead letters as it asked for: once, until it has ended with fewer. An end that is the same as the last one (a
  replay of which all died again) is told to nobody, and its time stays.
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
  redis.call('HSET', c, 'state', 'finished')
  redis.call('ZREM', ns .. ':active', crawl)
  if v[7] and dead < tonumber(v[7]) then redis.call('HDEL', c, 'deadTold') end
  local ending = table.concat({ v[1] or 0, v[2] or 0, v[3] or 0, dead }, ' ')
  if redis.call('HGET', c, 'ending') == ending then return 1 end
  redis.call('HSET', c, 'ending', ending, 'finishedAt', now)
  if v[6] then tell(ns, crawl, 'crawl.finished', now) end
  return 1
end
