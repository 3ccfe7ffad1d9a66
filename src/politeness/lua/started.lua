--[[
  A start that the gate gave leave to was made now, or never will be: the times of the next are counted from here.
    KEYS[1] any key of the namespace  ·  ARGV 1 NS  2 limiter key  3 holder  4 delay (ms)  5 interval of its rate (ms) if the start came late,
         else 0
]]
--- include politeness/lua/gate.lua
local k = ARGV[1] .. ':k:' .. ARGV[2]
local now, interval = preciseTime(), tonumber(ARGV[5])
local v = redis.call('HMGET', k, 'next', 'pend', 'tat')
if interval > 0 then redis.call('HSET', k, 'tat', string.format('%.3f', math.max(tonumber(v[3]) or 0, now + interval))) end
local nextStart = now + tonumber(ARGV[4])
if v[2] == ARGV[3] then
  redis.call('HDEL', k, 'pend')
elseif v[2] then
  return 0 -- another has leave already; its own start sets the time
else
  nextStart = math.max(nextStart, tonumber(v[1]) or 0)
end
redis.call('HSET', k, 'next', string.format('%.3f', nextStart))
gateKeep(k, tonumber(ARGV[4]) + DAY)
return 1
