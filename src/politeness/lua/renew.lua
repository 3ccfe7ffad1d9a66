--[[
  A consumer is alive: its lease and those of the slots that it holds are renewed.
    KEYS[1] any key of the namespace
    ARGV    1 NS  2 consumer as ID|CAPACITY  3 lease (ms), 0 to leave  then four each: limiter key, holder, server or '', '1' if its start
            is yet to be made
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
for i = 4, #ARGV, 4 do
  local k, holder = ns .. ':k:' .. ARGV[i], ARGV[i + 1]
  if lease == 0 then
    redis.call('ZREM', k .. ':s', holder)
    if ARGV[i + 2] ~= '' then redis.call('ZREM', ns .. ':server:' .. ARGV[i + 2] .. ':s', holder) end
  elseif redis.call('ZSCORE', k .. ':s', holder) then
    holdSlot(k, holder, now + lease, lease)
    if ARGV[i + 2] ~= '' then holdSlot(ns .. ':server:' .. ARGV[i + 2], holder, now + lease, lease) end
    if ARGV[i + 3] == '1' and redis.call('HGET', k, 'pend') == holder then redis.call('HSET', k, 'next', now + lease) end
  else
    out[#out + 1] = holder
  end
end
return out
