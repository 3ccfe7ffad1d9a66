--[[
  Renews the leases of places at proxies.

  KEYS[1]  NS:proxy:PROXY:s of one of the proxies
  ARGV[1]  NS
  ARGV[2]  lease (ms)
  ARGV[3]  and every second one after it: proxy
  ARGV[4]  …: the name of the place
  Answers  the names of the places that were lost
]]
--- include lua/clock.lua
--- include politeness/lua/slots/hold-slots.lua
local ns, lease = ARGV[1], tonumber(ARGV[2])
local now = redisTime()
local lost = {}
for i = 3, #ARGV, 2 do
  local proxy, holder = ns .. ':proxy:' .. ARGV[i], ARGV[i + 1]
  if redis.call('ZSCORE', proxy .. ':s', holder) then
    holdSlots(proxy, { holder }, now + lease, lease)
  else
    lost[#lost + 1] = holder
  end
end
return lost
