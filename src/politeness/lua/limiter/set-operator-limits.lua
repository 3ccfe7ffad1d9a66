--[[
  The operator sets limits of a limiter key, which come before all others. `limits` maps conc, delay, max and
  dur to a value, or to cjson.null to take it back. Absent ones stay.
    NS:limited (SET) keys with limits that the operator set
]]
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/key-event.lua
local function setOperatorLimits(ns, key, limits, now)
  tellOfKey(ns, 'timed', 0, key)
  local k = ns .. ':k:' .. key
  for name, value in pairs(limits) do
    if value == cjson.null then redis.call('HDEL', k, 'o:' .. name) else redis.call('HSET', k, 'o:' .. name, value) end
  end
  local setConc, setDelay, setMax, setDur, conc, max, delay, nextStart, pend, tat =
    unpack(redis.call('HMGET', k, 'o:conc', 'o:delay', 'o:max', 'o:dur', 'conc', 'max', 'delay', 'next', 'pend', 'tat'))
  if setConc or setDelay or setMax or setDur then
    redis.call('HSET', k, 'keep', '1')
    redis.call('PERSIST', k)
    redis.call('SADD', ns .. ':limited', key)
  else
    redis.call('SREM', ns .. ':limited', key)
    if not (conc or max or delay) then redis.call('HDEL', k, 'keep') end
    gateKeep(k, DAY)
  end
  -- What an older, longer delay had promised no longer counts.
  local delayMs, most, windowMs, arrival = tonumber(setDelay), tonumber(setMax), tonumber(setDur), tonumber(tat)
  if delayMs and not pend and (tonumber(nextStart) or 0) > now + delayMs then redis.call('HSET', k, 'next', now + delayMs) end
  if most and windowMs and arrival and arrival > now + windowMs / most then redis.call('HSET', k, 'tat', now + windowMs / most) end
end
