-- Lanes of a limiter key are looked at again: those of these crawls, unless they have nothing.
local function wakeLanes(ns, crawls, key, now)
  for _, crawl in ipairs(crawls) do redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, key) end
end
