-- Tells all consumers about a limiter key, on the channel NS:keys: 'pause' (for `ms` milliseconds), 'resume',
-- 'timed' (it obeys a clock from now on), 'free' (a slot came free).
local function tellOfKey(ns, what, ms, key)
  redis.call('PUBLISH', ns .. ':keys', what .. ' ' .. ms .. ' ' .. key)
end
