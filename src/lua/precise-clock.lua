-- The clock of Redis with microseconds: milliseconds since 1970 with a fraction.
local function preciseTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end
