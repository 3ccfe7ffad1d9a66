--[[
  The gate of one limiter key: how many starts it lets pass now, and when the next. Keys, all under NS:k:KEY
    (HASH)  pause          no start before (ms)
            next, pend     no start before (ms), from the delay; who has leave to start and has not yet: until it has (or its lease ends,
                           which is `next` meanwhile) nobody else starts, so that delays are true however long a connect takes
            tat            theoretical arrival time of the next start, by the rate (GCRA with no burst, ms)
            conc, max, dur, delay  limits that a request named for this key; o:conc, o:delay, o:max, o:dur those that the operator set
            crawl          Crawl-delay of its robots.txt (ms)
            pace           least time between two starts that its latency and errors ask for; hint, hintUntil  the same from its quota
            lat            its latency, and all else that src/politeness/backoff-state.ts names; version  counts the changes of these
            server         whose ceiling it shares (--per-server)
            keep           '1': limits that must not be forgotten
    :s      (ZSET) holders of slots, scored by the end of their lease (ms)
    :q      (ZSET) holders that wait for a slot (retries, redirects), until when (ms): a lane leaves them room
    :w      (SET)  crawls whose lane waits for a slot of this key
  and NS:server:SERVER:s (holders), :w (CRAWL US KEY that wait).
]]
local DAY = 86400000
-- Keys with a delay, or a rate of so much between two starts: nobody starts until the one with leave has.
local STRICT_FROM_MS = 20
-- Leave to start is given so long ahead of the time, and kept without a further question.
local AHEAD_MS = 30
-- Starts come a little late, one more than another: with so much added to each window, none holds more than the rate allows.
local LATE_MS = 10

local function redisTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function preciseTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end

-- What the gate must know of a crawl.
local function gateCrawl(c)
  local v = redis.call('HMGET', c, 'state', 'perHost', 'delay', 'hostLimits', 'adaptive', 'perServer', 'priorities', 'ignoreRobots', 'replayed')
  return {
    state = v[1], perHost = tonumber(v[2]) or 2, delay = tonumber(v[3]) or 0,
    hostLimits = v[4] and v[4] ~= '' and cjson.decode(v[4]) or nil,
    adaptive = v[5] ~= '0', perServer = tonumber(v[6]), priorities = v[7] or '0', ignoreRobots = v[8] == '1', replayed = v[9] == '1',
  }
end

-- The most exact pattern for a limiter key: with its port, its name, *.its.parents, *.
local function patternOf(limits, key)
  if limits[key] then return limits[key] end
  local name, port = string.match(key, '^(.*)(:%d+)$')
  name, port = name or key, port or ''
  if limits[name] then return limits[name] end
  local rest = name
  while true do
    local dot = string.find(rest, '.', 1, true)
    if not dot then break end
    rest = string.sub(rest, dot + 1)
    local found = limits['*.' .. rest .. port] or limits['*.' .. rest]
    if found then return found end
  end
  return limits['*' .. port] or limits['*'] or {}
end

-- The key's state and its limits for a request of this crawl: the operator's, the request's, the pattern's, the crawl's, in this order.
local function gateRead(ns, key, crawl, now)
  local k = ns .. ':k:' .. key
  local v = redis.call('HMGET', k, 'pause', 'next', 'pend', 'tat', 'conc', 'max', 'dur', 'o:conc', 'o:delay', 'o:max', 'o:dur',
    'crawl', 'pace', 'hint', 'hintUntil', 'lat', 'server', 'delay')
  local pattern = crawl.hostLimits and patternOf(crawl.hostLimits, key) or {}
  local delay = tonumber(v[9]) or tonumber(v[18]) or pattern.delay or crawl.delay
  if not crawl.ignoreRobots then delay = math.max(delay, tonumber(v[12]) or 0) end
  local max, dur = tonumber(v[10]) or tonumber(v[6]) or pattern.max, tonumber(v[11]) or tonumber(v[7]) or pattern.durationMs
  local interval = max and dur and (dur + LATE_MS) / max or 0
  if crawl.adaptive then interval = math.max(interval, tonumber(v[13]) or 0) end
  if (tonumber(v[15]) or 0) > now then interval = math.max(interval, tonumber(v[14]) or 0) end
  return {
    k = k, key = key, pause = tonumber(v[1]) or 0, next = tonumber(v[2]) or 0, pend = v[3], tat = tonumber(v[4]) or 0,
    concurrency = tonumber(v[8]) or tonumber(v[5]) or pattern.concurrency or crawl.perHost,
    delay = delay, interval = interval, timed = delay > 0 or interval > 0, latency = tonumber(v[16]),
    server = crawl.perServer and v[17] and v[17] ~= '-' and ns .. ':server:' .. v[17] or nil, serverName = v[17] or nil,
    perServer = crawl.perServer,
  }
end

-- How many hold a slot; `asking`: with those that wait for one.
local function gateHeld(slots, now, asking)
  redis.call('ZREMRANGEBYSCORE', slots .. ':s', '-inf', now)
  local held = redis.call('ZCARD', slots .. ':s')
  if asking then
    redis.call('ZREMRANGEBYSCORE', slots .. ':q', '-inf', now)
    held = held + redis.call('ZCARD', slots .. ':q')
  end
  return held
end

local function firstFree(slots, now)
  return (tonumber(redis.call('ZRANGE', slots .. ':s', 0, 0, 'WITHSCORES')[2]) or now) + 1
end

-- How many starts are free, and when the first of them may be (now or soon); else 0, when to ask again, and why: 'pause', 'full' (a slot),
-- 'server' (one of its server), 'time'. A lane asks without holder.
local function gateFree(g, now, holder)
  if g.pause > now then return 0, g.pause, 'pause' end
  local held = gateHeld(g.k, now, not holder)
  local own = holder and redis.call('ZSCORE', g.k .. ':s', holder)
  if own then held = held - 1 end
  if held >= g.concurrency then return 0, firstFree(g.k, now), 'full' end
  local free = g.concurrency - held
  if g.server then
    local others = gateHeld(g.server, now, false) - (own and 1 or 0)
    if others >= g.perServer then return 0, firstFree(g.server, now), 'server' end
    free = math.min(free, g.perServer - others)
  end
  if g.next > now and g.pend and g.pend ~= holder then return 0, math.min(g.next, now + 10), 'time' end
  if not g.timed then
    if g.next > now then return 0, g.next, 'time' end
    return free, now, ''
  end
  local at = math.max(now, g.tat, g.pend == holder and now or g.next)
  if at > now + AHEAD_MS then return 0, at - AHEAD_MS + 2, 'time' end
  return 1, at, ''
end

-- Times and figures are forgotten some time after their last use; limits that somebody set stay.
local function gateKeep(k, ms)
  local ttl = redis.call('PTTL', k)
  if ttl < ms and redis.call('HEXISTS', k, 'keep') == 0 then redis.call('PEXPIRE', k, math.ceil(ms)) end
end

local function holdSlot(slots, holder, untilMs, lease)
  redis.call('ZADD', slots .. ':s', untilMs, holder)
  redis.call('PEXPIRE', slots .. ':s', lease * 2)
end

-- One start at `at`: takes a slot and moves the times on. Only after gateFree said so.
local function gateStart(g, at, holder, lease)
  holdSlot(g.k, holder, at + lease, lease)
  if g.server then holdSlot(g.server, holder, at + lease, lease) end
  if g.delay > 0 or g.interval >= STRICT_FROM_MS then
    redis.call('HSET', g.k, 'next', at + math.max(lease, g.delay), 'pend', holder)
    gateKeep(g.k, g.delay + DAY)
  end
  if g.interval > 0 then
    redis.call('HSET', g.k, 'tat', string.format('%.3f', at + g.interval))
    gateKeep(g.k, g.interval + DAY)
  end
end

-- Looks again at lanes that waited for a slot.
local function wakeLanes(ns, slots, key, now)
  local waiting = redis.call('SMEMBERS', slots .. ':w')
  if #waiting == 0 then return end
  redis.call('DEL', slots .. ':w')
  for _, crawl in ipairs(waiting) do redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, key) end
end

-- Gives a slot back (and that of its server); who waits for it hears of it.
local function gateRelease(ns, key, holder, server, now)
  local k = ns .. ':k:' .. key
  redis.call('ZREM', k .. ':s', holder)
  wakeLanes(ns, k, key, now)
  if redis.call('EXISTS', k .. ':q') == 1 then redis.call('PUBLISH', ns .. ':keys', 'free 0 ' .. key) end
  if server ~= '' then
    local slots = ns .. ':server:' .. server
    redis.call('ZREM', slots .. ':s', holder)
    -- A few only: behind one server there may be very many hosts.
    for _, member in ipairs(redis.call('SPOP', slots .. ':w', 3)) do
      local crawl, waiting = string.match(member, '^(.*)\31(.*)$')
      redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, waiting)
    end
  end
end
