--[[
  Keeps a schedule under its name. To do it again with the same token changes nothing.

  KEYS[1]  NS:schedules
  ARGV[1]  NS
  ARGV[2]  name
  ARGV[3]  1 to put it in the place of another one
  ARGV[4]  its fields (JSON, all of them text)
  Answers  1, or 0 if there is another one of that name

  NS:schedules (ZSET) schedules by when they were added (ms)
]]
--- include lua/clock.lua
local ns, name, replaces, text = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
local s = ns .. ':schedule:' .. name
local fields = cjson.decode(text)
local token = redis.call('HGET', s, 'token')
if token and token ~= fields.token and not replaces then return 0 end
if token ~= fields.token then redis.call('DEL', s, s .. ':runs') end
for field, value in pairs(fields) do redis.call('HSET', s, field, value) end
redis.call('ZADD', ns .. ':schedules', redisTime(), name)
return 1
