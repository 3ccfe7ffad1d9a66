--[[
  The state of the consumers that are alive.

  KEYS[1]  NS:consumers
  ARGV[1]  NS
  Answers  JSON: an array of {capacity, standing}, one for each; `standing` is what its last heartbeat said
           (JSON in its turn), '' if nothing
]]
--- include lua/clock.lua
local ns = ARGV[1]
local out = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', ns .. ':consumers', '(' .. redisTime(), '+inf')) do
  local id, capacity = string.match(member, '^(.*)|(%d+)$')
  local standing = redis.call('HGET', ns .. ':heartbeat:' .. id, 'standing') or ''
  out[#out + 1] = { capacity = tonumber(capacity), standing = standing }
end
return #out == 0 and '[]' or cjson.encode(out)
