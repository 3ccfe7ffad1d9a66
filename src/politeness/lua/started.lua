--[[
  A start that the gate allowed was made now, or never will be. The times of the next start are counted from
  here.

  KEYS[1]  NS:k:KEY
  ARGV[1]  NS
  ARGV[2]  limiter key
  ARGV[3]  holder
  ARGV[4]  delay (ms)
  ARGV[5]  the interval of its rate (ms) if the start came late, else 0
  Answers  1; or 0 if another has leave to start already, whose own start sets the time
]]
--- include lua/precise-clock.lua
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/note-time.lua
local ns, key, holder, delay, interval = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local k = ns .. ':k:' .. key
local now = preciseTime()
noteTime(k, now)
local nextStart, pend, tat = unpack(redis.call('HMGET', k, 'next', 'pend', 'tat'))
if interval > 0 then redis.call('HSET', k, 'tat', string.format('%.3f', math.max(tonumber(tat) or 0, now + interval))) end
local at = now + delay
if pend == holder then
  redis.call('HDEL', k, 'pend')
elseif pend then
  return 0
else
  at = math.max(at, tonumber(nextStart) or 0)
end
redis.call('HSET', k, 'next', string.format('%.3f', at))
gateKeep(k, delay + DAY)
return 1
