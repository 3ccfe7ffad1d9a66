--[[
  Reads what is known about hosts. src/politeness/backoff-state.ts names the fields.

  KEYS[1]  NS:held
  ARGV[1]  NS
  ARGV[2]  number of fields
  ARGV[3]  and all of these after it: their names
  ARGV[…]  and all after these: limiter keys
  Answers  {now (ms), then an array for each key: its version, then its fields in their order, nil where there
           is none}
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/end-jump-back.lua
local ns, count = ARGV[1], tonumber(ARGV[2])
local firstKey = 3 + count
local names = { 'version', unpack(ARGV, 3, firstKey - 1) }
local now = redisTime()
local out = { now }
for i = firstKey, #ARGV do
  local k = ns .. ':k:' .. ARGV[i]
  endJumpBack(k, redis.call('HGET', k, 'wrote'), now)
  out[#out + 1] = redis.call('HMGET', ns .. ':k:' .. ARGV[i], unpack(names))
end
return out
