-- Ends a crawl exactly when nothing of it is left: nothing waiting, and no producer at work on it (or its lease has run out).
local function finishIfDone(ns, crawl, now)
  local c = ns .. ':c:' .. crawl
  local v = redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead', 'state')
  local waiting = (tonumber(v[1]) or 0) - (tonumber(v[2]) or 0) - (tonumber(v[3]) or 0) - (tonumber(v[4]) or 0)
  if waiting > 0 or v[5] ~= 'running' then return 0 end
  redis.call('ZREMRANGEBYSCORE', c .. ':producers', '-inf', now)
  if redis.call('ZCARD', c .. ':producers') > 0 then return 0 end
  redis.call('HSET', c, 'state', 'finished', 'finishedAt', now)
  redis.call('ZREM', ns .. ':active', crawl)
  return 1
end
