--[[
  Gives back a slot, and that of its server if it has one (else ''). Consumers with waiting requests hear of
  it. Returns who else waits for a slot of the key, and who for one of the server (wait-for-slot.lua). They
  are off the lists; the caller must wake them.
]]
--- include politeness/lua/limiter/key-event.lua
--- include politeness/lua/slots/take-waiting.lua
-- Only a few, because there may be very many hosts behind one server.
local WAITING_OF_SERVER = 3

local function giveBackSlot(ns, key, holder, server)
  local k = ns .. ':k:' .. key
  if redis.call('EXISTS', k .. ':q') == 1 then tellOfKey(ns, 'free', 0, key) end
  redis.call('ZREM', k .. ':s', holder)
  local ofKey = takeWaiting(ns, key)
  if server == '' then return ofKey end
  local slots = ns .. ':server:' .. server
  redis.call('ZREM', slots .. ':s', holder)
  return ofKey, redis.call('SPOP', slots .. ':w', WAITING_OF_SERVER)
end
