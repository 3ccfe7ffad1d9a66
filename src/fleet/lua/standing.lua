--[[
  The state of the living consumers.

  KEYS[1]  NS:consumers
  ARGV[1]  NS
  Answers  JSON: an array of {capacity, standing}, one for each consumer; `standing` is the JSON text of its
           last heartbeat, '' if there is none
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
