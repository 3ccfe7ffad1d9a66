-- Tells all consumers, by the channel NS:keys, of a limiter key: 'pause' (for so many ms), 'resume', 'timed'
-- (it obeys a clock), 'free' (a slot).
local function tellOfKey(ns, what, ms, key)
  redis.call('PUBLISH', ns .. ':keys', what .. ' ' .. ms .. ' ' .. key)
end
