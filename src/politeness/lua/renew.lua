--[[
  A consumer is alive: renews its lease and the leases of the slots that it holds.

  KEYS[1]  NS:consumers
  ARGV[1]  NS
  ARGV[2]  the consumer, as ID|CAPACITY
  ARGV[3]  the same with the capacity that it told the last time, if that was another one; else ''
  ARGV[4]  lease (ms)
  ARGV[5]  and every fourth one after it: limiter key of a slot that it holds
  ARGV[6]  …: holder
  ARGV[7]  …: server or ''
  ARGV[8]  …: '1' if its start has not been made yet, else ''
  Answers  {capacity of the fleet, then the holders whose slot was lost}
]]
--- include lua/clock.lua
--- include politeness/lua/slots/fleet-capacity.lua
--- include politeness/lua/slots/hold-slots.lua
--- include politeness/lua/limiter/note-time.lua
local ns, consumer, former, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now = redisTime()
if former ~= '' then redis.call('ZREM', ns .. ':consumers', former) end
redis.call('ZADD', ns .. ':consumers', now + lease, consumer)
local out = { fleetCapacity(ns, now, lease) }
for i = 5, #ARGV, 4 do
  local key, holder, server, hasToStart = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3] == '1'
  local k = ns .. ':k:' .. key
  if redis.call('ZSCORE', k .. ':s', holder) then
    holdSlots(k, { holder }, now + lease, lease)
    if server ~= '' then holdSlots(ns .. ':server:' .. server, { holder }, now + lease, lease) end
    if hasToStart and redis.call('HGET', k, 'pend') == holder then
      noteTime(k, now)
      redis.call('HSET', k, 'next', now + lease)
    end
  else
    out[#out + 1] = holder
  end
end
return out
