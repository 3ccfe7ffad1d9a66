--[[
  Gives back the lock under which one process of the fleet fetches a robots.txt, if the caller still holds it.

  KEYS[1]  NS:robots:ORIGIN:lock
  ARGV[1]  NS
  ARGV[2]  origin
  ARGV[3]  the holder's token
  Answers  1 if it was given back, else 0
]]
local ns, origin, token = ARGV[1], ARGV[2], ARGV[3]
local lock = ns .. ':robots:' .. origin .. ':lock'
if redis.call('GET', lock) ~= token then return 0 end
return redis.call('DEL', lock)
