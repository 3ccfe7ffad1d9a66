--[[
  Gives back slots of a limiter key, up to 1,000, and those of their server if they have one (else '').
  Consumers with waiting requests hear of each. Returns who else waits for a slot of the key, and who for one
  of the server (wait-for-slot.lua). They are off the lists; the caller must wake them.
]]
--- include politeness/lua/limiter/key-event.lua
--- include politeness/lua/slots/take-waiting.lua
-- For each slot. Only a few, because there may be very many hosts behind one server.
local WAITING_OF_SERVER = 3

local function giveBackSlots(ns, key, holders, server)
  local k = ns .. ':k:' .. key
  if redis.call('EXISTS', k .. ':q') == 1 then
    for _ = 1, #holders do tellOfKey(ns, 'free', 0, key) end
  end
  redis.call('ZREM', k .. ':s', unpack(holders))
  local ofKey = takeWaiting(ns, key)
  if server == '' then return ofKey end
  local slots = ns .. ':server:' .. server
  redis.call('ZREM', slots .. ':s', unpack(holders))
  return ofKey, redis.call('SPOP', slots .. ':w', WAITING_OF_SERVER * #holders)
end
