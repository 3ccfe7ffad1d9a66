--[[
  A start that the gate had let pass came some milliseconds later: the delay is counted from there.
    KEYS[1] any key of the shard  ·  ARGV 1 NS  2 limiter key  3 delay (ms)
]]
--- include politeness/lua/gate.lua
local k = ARGV[1] .. ':k:' .. ARGV[2]
local nextStart = redisTime() + tonumber(ARGV[3])
if nextStart > (tonumber(redis.call('HGET', k, 'next')) or 0) then redis.call('HSET', k, 'next', nextStart) end
return nextStart
