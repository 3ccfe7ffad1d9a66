--[[
  The operator sets limits of a limiter key, which go before all others, or takes them back. Its lanes are
  looked at anew.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  limiter key
  ARGV[3]  JSON: conc, delay, max, dur to a number, or to null to take it back; those that it does not name
           stay
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
