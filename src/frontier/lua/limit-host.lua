--[[
  The operator sets limits of a limiter key, which come before all others, or takes them back. The lanes of
  the key are looked at again.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  limiter key
  ARGV[3]  JSON: conc, delay, max, dur to a number, or to null to take it back; absent ones stay
  Answers  1
]]
--- include lua/clock.lua
--- include frontier/lua/lane/wake-all-lanes.lua
--- include politeness/lua/limiter/set-operator-limits.lua
local ns, key, limits = ARGV[1], ARGV[2], cjson.decode(ARGV[3])
local now = redisTime()
setOperatorLimits(ns, key, limits, now)
wakeAllLanes(ns, key, now)
return 1
