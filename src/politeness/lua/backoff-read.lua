--[[
  What is known of hosts, as src/politeness/backoff-state.ts names it. Changes nothing.

  KEYS[1]  NS:held
  ARGV[1]  NS
  ARGV[2]  number of fields
  ARGV[3]  and those after it: the names of the fields
  then     limiter keys
  Answers  an array: now (ms), then for each key an array of its version and its fields in their order, nil where there is none
]]
--- include lua/clock.lua
local ns, count = ARGV[1], tonumber(ARGV[2])
local names = { 'version' }
for i = 3, 2 + count do names[#names + 1] = ARGV[i] end
local out = { redisTime() }
for i = 3 + count, #ARGV do
  out[#out + 1] = redis.call('HMGET', ns .. ':k:' .. ARGV[i], unpack(names))
end
return out
