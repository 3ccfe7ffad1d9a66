-- Sets the limits that a request names for its limiter key: `conc,max,dur,delay`, with empty parts for those
-- that it does not name.
local function setLimits(ns, key, limits)
  local conc, max, dur, delay = string.match(limits, '^(%d*),(%d*),(%d*),(%d*)$')
  local k = ns .. ':k:' .. key
  redis.call('HSET', k, 'keep', '1')
  redis.call('PERSIST', k)
  if conc ~= '' then redis.call('HSET', k, 'conc', conc) end
  if delay ~= '' then redis.call('HSET', k, 'delay', delay) end
  if max ~= '' and dur ~= '' then redis.call('HSET', k, 'max', max, 'dur', dur) end
end
