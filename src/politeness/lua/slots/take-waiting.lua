-- Takes off the list of a limiter key those that wait for a slot of it (wait-for-slot.lua). The caller must
-- wake them.
local function takeWaiting(ns, key)
  local waiting = ns .. ':k:' .. key .. ':w'
  local who = redis.call('SMEMBERS', waiting)
  if #who > 0 then redis.call('DEL', waiting) end
  return who
end
