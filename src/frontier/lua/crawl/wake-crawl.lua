-- A crawl has something waiting (again). If it had finished, it runs again, and `epoch` says so to whoever
-- looks whether all its parts have finished (src/crawl/shards/end.ts). Dispatch looks at it unless it is
-- paused.
local function wakeCrawl(ns, crawl, state)
  if state == 'finished' then
    redis.call('HSET', ns .. ':c:' .. crawl, 'state', 'running')
    redis.call('HINCRBY', ns .. ':c:' .. crawl, 'epoch', 1)
  end
  if state ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
end
