--[[
  Asks for the right to start one fetch (a retry, a replay, a stalled job, a timed key, a redirect's target, robots.txt).
    KEYS[1]  any key of the namespace
    ARGV     1 NS  2 crawl  3 id ('' for robots.txt and the like, which are no requests)  4 limiter key  5 holder  6 lease (ms)
             7 '1' to take the request over: older claims may change nothing any more
             8 the server that the key belongs to, '' if the caller does not know ('-': it has none)  9 how long the caller would wait (ms)  10 its name while it waits
  Answers {0, claim, ms until the start, delay (ms), interval of its rate (ms), server} go · {1, ms, why} not for so long · {2} it has ended · {3, reason} it is dead
          {4} say which server
]]
--- include politeness/lua/gate.lua
local ASKING = 400
local LONGEST_POSTPONED_MS = 30000
local ns, crawl, id, key, holder, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local c = ns .. ':c:' .. crawl
local now = preciseTime()
local claim, packed = '0', nil
if id ~= '' then
  local open = redis.call('HGET', c .. ':open', id)
  if not open then
    local dead = redis.call('HGET', c .. ':dead', id)
    if dead then return { 3, string.match(dead, '^%d+\31(.*)$') } end
    return { 2 }
  end
  claim, packed = string.match(open, '^(%d+)\31(.*)$')
end
local info = gateCrawl(c)
local k = ns .. ':k:' .. key
if info.perServer and redis.call('HEXISTS', k, 'server') == 0 and ARGV[8] ~= '-' then
  if ARGV[8] == '' then return { 4 } end
  redis.call('HSET', k, 'server', ARGV[8])
  gateKeep(k, 3600000)
end
local g = gateRead(ns, key, info, now)
local free, at, why = gateFree(g, now, holder)
if free < 1 then
  local wait, patience = why == 'full' and ASKING or at - now, tonumber(ARGV[9])
  if why ~= 'pause' and patience > 0 then
    -- Who comes back later, at its time, finds that the lanes have left it that.
    wait = math.max(ASKING, math.ceil(math.min(wait, LONGEST_POSTPONED_MS)) + (wait <= patience and 200 or 1500))
    redis.call('ZADD', k .. ':q', now + wait, ARGV[10])
    redis.call('PEXPIRE', k .. ':q', wait * 2)
  end
  return { 1, tostring(at - now), why }
end
redis.call('ZREM', k .. ':q', ARGV[10])
gateStart(g, at, holder, lease)
if ARGV[7] == '1' and id ~= '' then
  claim = tostring(tonumber(claim) + 1)
  redis.call('HSET', c .. ':open', id, claim .. '\31' .. packed)
end
return { 0, tonumber(claim), tostring(at - now), tostring(g.delay), tostring(g.interval), g.server and redis.call('HGET', k, 'server') or '' }
