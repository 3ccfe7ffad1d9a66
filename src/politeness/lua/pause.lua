--[[
  Pauses a limiter key: no start, by anybody, for so many milliseconds. A pause is only ever made longer; consumers hear
  of it by the channel NS:pauses as `MS KEY`.
    KEYS[1] any key of the shard  ·  ARGV 1 NS  2 limiter key  3 duration (ms)
]]
--- include politeness/lua/gate.lua
local k = ARGV[1] .. ':k:' .. ARGV[2]
local untilMs = redisTime() + tonumber(ARGV[3])
local old = tonumber(redis.call('HGET', k, 'pause')) or 0
if untilMs > old then
  redis.call('HSET', k, 'pause', untilMs)
  gateExpire(k, tonumber(ARGV[3]))
  redis.call('PUBLISH', ARGV[1] .. ':pauses', ARGV[3] .. ' ' .. ARGV[2])
end
return math.max(old, untilMs)
