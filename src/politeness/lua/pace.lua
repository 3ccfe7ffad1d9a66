--[[
  What a consumer saw of hosts since it last said so, and what follows for the time between two starts at each, for the whole fleet
  (the idea of Scrapy's AutoThrottle: one request at a time at a host that has become slow). Fields of NS:k:KEY
    lat, base  least latency lately, and what is usual there: it follows a lower one fast, a higher one slowly (ms)
    wn, wt     answers and milliseconds of late: how often the fleet hears of the host
    at         when it last did
    KEYS[1] any key of the namespace
    ARGV    1 NS  then five each: limiter key, good answers, failures that mean too much (5xx, time-outs, resets), answers that told it off without a
            time, least latency of the good ones (ms)
]]
--- include politeness/lua/gate.lua
local KEEP = 3600000
-- Slower than usual is at least twice as slow, and by so much.
local SLOWER_MS = 200
-- What stays slow for some of these is what is usual.
local USUAL_MS = 10000
-- Hosts that fail are asked at least once in this time.
local SLOWEST_MS = 1000
local ns = ARGV[1]
local now = redisTime()
for i = 2, #ARGV, 5 do
  local key, good, bad, told, least = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  local k = ns .. ':k:' .. key
  local v = redis.call('HMGET', k, 'lat', 'base', 'pace', 'wn', 'wt', 'at', 'strikes', 'pause', 'struck')
  local latency, base, pace = tonumber(v[1]), tonumber(v[2]), tonumber(v[3]) or 0
  local count = (tonumber(v[4]) or 0) * 0.8 + good + bad + told
  local since = math.min(now - (tonumber(v[6]) or now - 500), 10000)
  local span = (tonumber(v[5]) or 0) * 0.8 + since
  if good > 0 then
    latency = latency and latency + (least - latency) * 0.4 or least
    base = base and base + (least < base and (least - base) * 0.3 or (latency - base) * (1 - math.exp(-since / USUAL_MS))) or least
  end
  local usual = span / count
  local before = pace
  if (bad + told) * 5 > good + bad + told then
    pace = math.min(math.max(pace, usual) * 2, math.max(SLOWEST_MS, latency or 0))
  elseif good > 0 and latency > 2 * base and latency - base > SLOWER_MS then
    pace = math.min(math.max(pace, usual) * 2, latency)
  elseif good > 0 and pace > 0 then
    pace = pace * 0.8
    if pace < math.max(5, latency / 8) then pace = 0 end
  end
  redis.call('HSET', k, 'wn', string.format('%.3f', count), 'wt', string.format('%.0f', span), 'at', now, 'pace', string.format('%.1f', pace))
  if latency then redis.call('HSET', k, 'lat', string.format('%.1f', latency), 'base', string.format('%.1f', base)) end
  if before == 0 and pace > 0 then redis.call('PUBLISH', ns .. ':keys', 'timed 0 ' .. key) end
  if good > 0 then redis.call('HDEL', k, 'since') end
  -- What it told us off for is forgiven step by step.
  local strikes = tonumber(v[7]) or 0
  if strikes > 0 and good > 0 and told == 0 and now > (tonumber(v[8]) or 0) and now - (tonumber(v[9]) or 0) > 500 then
    redis.call('HSET', k, 'strikes', strikes - 1)
  end
  gateKeep(k, KEEP)
end
return 1
