--[[
  Removes a schedule. The crawls that it began stay.

  KEYS[1]  NS:schedules
  ARGV[1]  NS
  ARGV[2]  name
  Answers  1, or 0 if there is none
]]
local ns, name = ARGV[1], ARGV[2]
local s = ns .. ':schedule:' .. name
redis.call('DEL', s, s .. ':runs')
return redis.call('ZREM', ns .. ':schedules', name)
