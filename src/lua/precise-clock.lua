-- The clock of Redis with its microseconds: milliseconds since 1970 and a fraction.
local function preciseTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end
