--[[
  Asks for the right to start one fetch of an open request (a retry, a replay, a stalled job, a timed key, a redirect's target).
    KEYS[1]  any key of the shard
    ARGV     1 NS  2 crawl  3 id ('' for robots.txt and the like, which are no requests)  4 limiter key  5 holder
             6 concurrency  7 delay (ms)  8 lease (ms)  9 '1' to take the request over: older takes may change nothing any more
  Answers {0, take} go · {1, ms, why} not for so long · {2} it has ended · {3, reason} it is dead
]]
--- include politeness/lua/gate.lua
local ASKING = 400
local ns, crawl, id, key, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local concurrency, delay, lease = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local c = ns .. ':c:' .. crawl
local now = redisTime()
local take, packed = '0', nil
if id ~= '' then
  local open = redis.call('HGET', c .. ':open', id)
  if not open then
    local dead = redis.call('HGET', c .. ':dead', id)
    if dead then return { 3, string.match(dead, '^%d+\31(.*)$') } end
    return { 2 }
  end
  take, packed = string.match(open, '^(%d+)\31(.*)$')
end
local k = ns .. ':k:' .. key
local free, untilMs, why = gateFree(k, now, concurrency, holder)
if free < 1 then
  if why == 'full' then
    redis.call('ZADD', k .. ':q', now + ASKING, holder)
    redis.call('PEXPIRE', k .. ':q', ASKING * 2)
  end
  return { 1, untilMs - now, why }
end
redis.call('ZREM', k .. ':q', holder)
gateStart(k, now, delay, holder, lease)
if ARGV[9] == '1' and id ~= '' then
  take = tostring(tonumber(take) + 1)
  redis.call('HSET', c .. ':open', id, take .. '\31' .. packed)
end
return { 0, tonumber(take) }
