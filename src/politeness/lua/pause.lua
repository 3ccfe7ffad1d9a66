--[[
  A server told us off: its limiter key is paused for the fleet. A pause is only ever made longer; consumers hear of it by the channel
  NS:keys as `pause MS KEY`. Where the server named no time (or hardly any), each telling-off doubles the pause; those of requests that
  were on their way when it last did so count as one.
    KEYS[1] any key of the namespace
    ARGV    1 NS  2 limiter key  3 pause that the server asked for (ms), -1 if none  4 longest pause (ms)  5 age of the request (ms)
            6 random number from 0 to 1
  Answers {for how long the key is paused from now on, since when it has told off without a good answer in between (ms)}.
]]
--- include politeness/lua/gate.lua
local FIRST = 1000
local MOST_STRIKES = 20
local k = ARGV[1] .. ':k:' .. ARGV[2]
local now = redisTime()
local given, longest = tonumber(ARGV[3]), tonumber(ARGV[4])
local v = redis.call('HMGET', k, 'pause', 'strikes', 'struck')
local old, strikes = tonumber(v[1]) or 0, tonumber(v[2]) or 0
local ms = given
if given < FIRST then
  if strikes == 0 or now - tonumber(ARGV[5]) > (tonumber(v[3]) or 0) then
    strikes = math.min(strikes + 1, MOST_STRIKES)
    redis.call('HSET', k, 'strikes', strikes, 'struck', now)
    -- From half of it to all of it, so that hosts told off together do not come back together.
    ms = math.max(given, FIRST * 2 ^ (strikes - 1) * (0.5 + tonumber(ARGV[6]) / 2))
  else
    ms = math.max(given, 0)
  end
end
local untilMs = now + math.ceil(math.min(ms, longest))
if untilMs > old then
  redis.call('HSET', k, 'pause', untilMs)
  redis.call('PUBLISH', ARGV[1] .. ':keys', 'pause ' .. (untilMs - now) .. ' ' .. ARGV[2])
end
redis.call('HSETNX', k, 'since', now)
gateKeep(k, longest + DAY)
return { math.max(old, untilMs) - now, now - tonumber(redis.call('HGET', k, 'since')) }
