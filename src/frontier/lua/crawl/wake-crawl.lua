-- Something of a crawl waits (again): one that had finished runs again, and turns look at it unless it is
-- paused.
local function wakeCrawl(ns, crawl, state)
  if state == 'finished' then redis.call('HSET', ns .. ':c:' .. crawl, 'state', 'running') end
  if state ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
end
