-- How many wait in a consumer for a slot or the time of a limiter key (NS:k:KEY); who did not come back in
-- time is forgotten here.
local function countAsking(k, now)
  redis.call('ZREMRANGEBYSCORE', k .. ':q', '-inf', now)
  return redis.call('ZCARD', k .. ':q')
end
