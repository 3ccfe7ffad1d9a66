-- A crawl has something waiting (again). If it had finished, it runs again. Dispatch looks at it unless it is
-- paused.
local function wakeCrawl(ns, crawl, state)
  if state == 'finished' then redis.call('HSET', ns .. ':c:' .. crawl, 'state', 'running') end
  if state ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
end
