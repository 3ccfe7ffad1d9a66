--[[
  The operator ends the pause of a limiter key, whoever made it. Its lanes are looked at again.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  limiter key
  Answers  1
]]
--- include lua/clock.lua
--- include frontier/lua/lane/wake-all-lanes.lua
--- include politeness/lua/limiter/end-pause.lua
local ns, key = ARGV[1], ARGV[2]
endPause(ns, key)
wakeAllLanes(ns, key, redisTime())
return 1
