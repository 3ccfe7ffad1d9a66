--[[
  Gives a slot back, and that of its server if it has one (''). Consumers in which somebody waits for it hear
  of it. Answers who else waits for one of the key, and for one of the server if it has one
  (wait-for-slot.lua): they are off the lists, and it is for the caller to wake them.
]]
--- include politeness/lua/limiter/key-event.lua
--- include politeness/lua/slots/take-waiting.lua
-- A few only: behind one server there may be very many hosts.
local WAITING_OF_SERVER = 3

local function giveBackSlot(ns, key, holder, server)
  local k = ns .. ':k:' .. key
  redis.call('ZREM', k .. ':s', holder)
  local ofKey = takeWaiting(ns, key)
  if redis.call('EXISTS', k .. ':q') == 1 then tellOfKey(ns, 'free', 0, key) end
  if server == '' then return ofKey end
  local slots = ns .. ':server:' .. server
  redis.call('ZREM', slots .. ':s', holder)
  return ofKey, redis.call('SPOP', slots .. ':w', WAITING_OF_SERVER)
end
