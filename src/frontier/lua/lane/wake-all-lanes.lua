-- The lanes of a limiter key are looked at again, in every crawl that has something to dispatch.
--- include frontier/lua/lane/wake-lanes.lua
local function wakeAllLanes(ns, key, now)
  wakeLanes(ns, redis.call('ZRANGE', ns .. ':active', 0, -1), key, now)
end
