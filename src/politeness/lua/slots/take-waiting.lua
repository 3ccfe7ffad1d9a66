-- Takes those that wait for a slot of a limiter key (wait-for-slot.lua) off its list: it is for the caller to
-- wake them.
local function takeWaiting(ns, key)
  local waiting = ns .. ':k:' .. key .. ':w'
  local who = redis.call('SMEMBERS', waiting)
  if #who > 0 then redis.call('DEL', waiting) end
  return who
end
