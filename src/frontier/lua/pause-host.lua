--[[
  The operator pauses a limiter key. Its lanes are looked at again.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  limiter key
  ARGV[3]  for how long (ms)
  Answers  1
]]
--- include lua/clock.lua
--- include frontier/lua/lane/wake-all-lanes.lua
--- include politeness/lua/limiter/set-operator-pause.lua
local ns, key, ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = redisTime()
setOperatorPause(ns, key, ms, now)
wakeAllLanes(ns, key, now)
return 1
