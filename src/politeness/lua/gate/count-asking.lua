-- How many callers wait in a consumer for a slot or for the time of a limiter key (NS:k:KEY). Those that did
-- not come back in time are forgotten here.
local function countAsking(k, now)
  redis.call('ZREMRANGEBYSCORE', k .. ':q', '-inf', now)
  return redis.call('ZCARD', k .. ':q')
end
