-- A producer takes hold of a crawl with parts on several shards: whoever looks whether it has ended finds it
-- here, though its requests may be on other shards, and finds another epoch (src/crawl/shards/end.ts).
local function holdHome(ns, crawl, state)
  if state ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
  redis.call('HINCRBY', ns .. ':c:' .. crawl, 'epoch', 1)
end
