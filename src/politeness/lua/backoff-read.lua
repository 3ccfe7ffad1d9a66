--[[
  What is known of hosts, as src/politeness/backoff-state.ts names it. Changes nothing.
    KEYS[1] any key of the namespace
    ARGV    1 NS  2 number of fields  then their names  then limiter keys
  Answers {now (ms), then an array for each key: its version, then its fields in their order, nil where there is none}
]]
--- include politeness/lua/gate.lua
local ns, count = ARGV[1], tonumber(ARGV[2])
local names = { 'version' }
for i = 3, 2 + count do names[#names + 1] = ARGV[i] end
local out = { redisTime() }
for i = 3 + count, #ARGV do
  out[#out + 1] = redis.call('HMGET', ns .. ':k:' .. ARGV[i], unpack(names))
end
return out
