--[[
  Takes or renews the lock under which one process of the fleet fetches a robots.txt. The lock ends by itself
  when its holder has died.

  KEYS[1]  NS:robots:ORIGIN:lock
  ARGV[1]  NS
  ARGV[2]  origin
  ARGV[3]  the holder's token
  ARGV[4]  for how long it is taken (ms)
  Answers  1 if the caller has the lock, 0 if another has it
]]
local ns, origin, token, ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lock = ns .. ':robots:' .. origin .. ':lock'
local holder = redis.call('GET', lock)
if holder and holder ~= token then return 0 end
redis.call('SET', lock, token, 'PX', ms)
return 1
