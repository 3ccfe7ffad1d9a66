-- How many hold a slot of a limiter key (NS:k:KEY) or a server (NS:server:SERVER); leases that have run out
-- end here.
local function countHeld(slots, now)
  redis.call('ZREMRANGEBYSCORE', slots .. ':s', '-inf', now)
  return redis.call('ZCARD', slots .. ':s')
end
