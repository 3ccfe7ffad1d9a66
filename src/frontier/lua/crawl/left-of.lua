-- What keeps a crawl open.
--- include lua/clamp-leases.lua
-- Of a producer, and the longest there is: that of a replay (src/frontier/replay.ts).
local PRODUCER_LEASE_MS, LONGEST_LEASE_MS = 5000, 10100

-- Whether a producer, or a replay, holds the crawl open. Leases that have run out are removed.
local function isHeld(c, now)
  redis.call('ZREMRANGEBYSCORE', c .. ':producers', '-inf', now)
  if redis.call('ZCARD', c .. ':producers') == 0 then return false end
  clampLeases(c .. ':producers', now, LONGEST_LEASE_MS, PRODUCER_LEASE_MS)
  return true
end
