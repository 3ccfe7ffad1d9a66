--[[
  The state of the consumers that are alive.
    KEYS[1] NS:consumers  ·  ARGV 1 NS
  Returns three values for each: its id, its capacity, the state in its last heartbeat (JSON) or ''.
]]
--- include politeness/lua/gate.lua
local out = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. redisTime(), '+inf')) do
  local id, capacity = string.match(member, '^(.*)|(%d+)$')
  out[#out + 1] = id
  out[#out + 1] = capacity
  out[#out + 1] = redis.call('HGET', ARGV[1] .. ':heartbeat:' .. id, 'standing') or ''
end
return out
