-- Tells all consumers about a limiter key, on the channel NS:keys: 'pause' (for `ms` milliseconds), 'resume',
-- 'timed' (it obeys a clock from now on), 'free' (a slot came free). To be called before the script writes:
-- Redis may refuse it to this user, and takes back nothing. Nobody hears it before the script has ended.
local function tellOfKey(ns, what, ms, key)
  redis.call('PUBLISH', ns .. ':keys', what .. ' ' .. ms .. ' ' .. key)
end
