-- The lanes of a limiter key are looked at again, in these crawls. Crawls with nothing in such a lane are
-- skipped.
local function wakeLanes(ns, crawls, key, now)
  for _, crawl in ipairs(crawls) do redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, key) end
end
