-- How many slots of a limiter key (NS:k:KEY) or of a server (NS:server:SERVER) are held. Leases that have run
-- out end here.
local function countHeld(slots, now)
  redis.call('ZREMRANGEBYSCORE', slots .. ':s', '-inf', now)
  return redis.call('ZCARD', slots .. ':s')
end
