--[[
  A consumer is alive: its lease and those of the slots that it holds are renewed.
    KEYS[1] any key of the shard
    ARGV    1 NS  2 consumer as ID|CAPACITY  3 lease (ms), 0 to leave  then two each: limiter key, holder
  Answers {capacity of the fleet, then the holders whose slot was lost}
]]
--- include politeness/lua/gate.lua
local ns, lease = ARGV[1], tonumber(ARGV[3])
local now = redisTime()
local consumers = ns .. ':consumers'
redis.call('ZREMRANGEBYSCORE', consumers, '-inf', now)
if lease > 0 then redis.call('ZADD', consumers, now + lease, ARGV[2]) else redis.call('ZREM', consumers, ARGV[2]) end
local capacity = 0
for _, member in ipairs(redis.call('ZRANGE', consumers, 0, -1)) do
  capacity = capacity + tonumber(string.match(member, '|(%d+)$'))
end
local out = { capacity }
for i = 4, #ARGV, 2 do
  local slots = ns .. ':k:' .. ARGV[i] .. ':s'
  if redis.call('ZSCORE', slots, ARGV[i + 1]) then
    redis.call('ZADD', slots, 'XX', now + lease, ARGV[i + 1])
    redis.call('PEXPIRE', slots, lease * 2)
  else
    out[#out + 1] = ARGV[i + 1]
  end
end
return out
