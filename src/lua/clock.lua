-- The clock of all scripts: that of Redis, in whole milliseconds since 1970.
local function redisTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
