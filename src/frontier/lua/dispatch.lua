--[[
  One turn of dispatch: gives slots back, notes what has arrived in the queue, and moves due requests from lanes to the hand-over
  list, fairly over crawls and hosts, with a slot of their limiter key or ahead of one. What was handed over and never arrived (the dispatcher
  died) is handed over again.
    KEYS[1] NS:active
    ARGV    1 NS  2 crawl to serve, or '*'  3 the queue's list of waiting jobs  4 wanted length of that list  5 lease (ms)
            6 number of releases, then three each: limiter key, holder, server or ''; then the arrived: members of the hand-over list
  Keys: NS:hand-over (ZSET) CRAWL.ID by the time of the hand-over · NS:c:CRAWL:due (ZSET) limiter key by when its lane is due (ms)
        NS:c:CRAWL:open (HASH) id to CLAIM US PACKED · NS:c:CRAWL:n (HASH) limiter key to number of open requests
  Answers {ms until the next lane is due or -1, waiting in the queue, then per request: crawl, id, packed, and how it starts: 'fetch' with a slot ('fetch@SERVER' with one of
  its server too), 'ahead' of one, 'ask' the gate (its key obeys a clock, or it was handed over before)}
]]
--- include politeness/lua/gate.lua
local HAND_OVER_TIMEOUT_MS = 3000
local LANES_A_TURN = 100
-- A request of a timed key leaves its lane so long before it may start: the way to a consumer takes some of it.
local LEAD_MS = 30
-- The way of a slot from one fetch to the next by way of the queue; a request that waits for it in a consumer spares that.
local WAY_MS = 30
local ns, only, lease = ARGV[1], ARGV[2], tonumber(ARGV[5])
local now = redisTime()
local handOver = ns .. ':hand-over'
local releases = tonumber(ARGV[6])
local at = 7
for _ = 1, releases do
  gateRelease(ns, ARGV[at], ARGV[at + 1], ARGV[at + 2], now)
  at = at + 3
end
for first = at, #ARGV, 1000 do redis.call('ZREM', handOver, unpack(ARGV, first, math.min(first + 999, #ARGV))) end

local out = { -1, redis.call('LLEN', ARGV[3]) }
local room = tonumber(ARGV[4]) - out[2]
for _, member in ipairs(redis.call('ZRANGEBYSCORE', handOver, '-inf', now - HAND_OVER_TIMEOUT_MS, 'LIMIT', 0, 100)) do
  local crawl, id = string.match(member, '^(.*)%.([^.]*)$')
  local open = redis.call('HGET', ns .. ':c:' .. crawl .. ':open', id)
  if open then
    redis.call('ZADD', handOver, now, member)
    out[#out + 1] = crawl
    out[#out + 1] = id
    out[#out + 1] = string.match(open, '^%d+\31(.*)$')
    out[#out + 1] = 'ask'
    room = room - 1
  else
    redis.call('ZREM', handOver, member)
  end
end
room = room - redis.call('ZCARD', handOver)

local function popLane(c, key, priorities)
  for p = 9, 0, -1 do
    if string.find(priorities, tostring(p), 1, true) then
      local packed = redis.call('LPOP', c .. ':l' .. p .. ':' .. key)
      if packed then return packed end
    end
  end
end

-- The lane keeps a URL of its own host without http://HOST (0x01) or https://HOST (0x02), a plain seed without all else: src/frontier/entry.ts.
local function expand(packed, key)
  local first = string.byte(packed)
  if first == 1 or first == 2 then packed = '\0310\31\31\31\31' .. packed end
  local head, mark, path = string.match(packed, '^(.*\31)([\1\2])(.*)$')
  if not mark then return packed end
  return head .. (mark == '\1' and 'http://' or 'https://') .. key .. path
end

local function identity(packed)
  local given = string.match(packed, '^([^\31]*)\31')
  if given ~= '' then return given end
  return string.sub(redis.sha1hex(string.match(packed, '\31([^\31]*)$')), 1, 16)
end

-- Requests that are sent ahead of their slots: as many as get one while the next would be on its way. A host of a small limit gets some only
-- while the consumers have nothing else to do.
local function aheadOf(g)
  if g.concurrency < 8 and out[2] * 4 > tonumber(ARGV[4]) then return 0 end
  if not g.latency then return math.ceil(g.concurrency / 4) end
  return math.min(2 * g.concurrency + 2, math.ceil(g.concurrency * WAY_MS / math.max(g.latency, 1)))
end

-- How many requests a lane gives now and how they start; else 0, when it is due again, and the holder of slots that it waits for.
local function allowance(g, open, mapped)
  local cap = g.concurrency * 4 + 16
  if open >= cap then return 0, now + 5000, g.k end
  if not mapped then return open == 0 and 1 or 0, now + 1000, nil, 'ask' end
  local free, untilMs, why = gateFree(g, now)
  if why == 'pause' then return 0, untilMs end
  if why == 'server' then return 0, math.min(untilMs, now + lease), g.server end
  if not g.timed then
    local most = math.min(free, cap - open)
    if why == '' or why == 'full' then most = math.max(most, math.min(cap, g.concurrency + aheadOf(g)) - open) end
    if most < 1 then return 0, why == 'full' and math.min(untilMs, now + lease) or untilMs, why == 'full' and g.k or nil end
    return most, 0, nil, 'fetch', free
  end
  -- One that waits in a consumer for its time is enough, or as many as start within the lead.
  local step = math.max(g.delay, g.interval)
  local startMs = math.max(now, g.tat, g.next)
  if g.pend and g.next > now then return 0, now + math.min(step, 100) end
  if startMs > now + LEAD_MS then return 0, startMs - LEAD_MS end
  local asking = redis.call('ZCARD', g.k .. ':q')
  local held = redis.call('ZCARD', g.k .. ':s')
  local most = math.min(1 + math.floor(LEAD_MS / step), g.concurrency + 1 - held, cap - open) - asking
  if most < 1 then return 0, asking > 0 and startMs + step or math.min(untilMs, now + lease), g.k end
  return most, startMs, nil, 'ask', 0
end

-- Serves one lane: up to `quota` requests. Answers how many.
local function serveLane(crawl, c, key, info, quota, order)
  local g = gateRead(ns, key, info, now)
  local open = tonumber(redis.call('HGET', c .. ':n', key)) or 0
  local most, whenMs, slots, start, free = allowance(g, open, g.serverName or not info.perServer)
  if most < 1 then
    redis.call('ZADD', c .. ':due', whenMs, key)
    if slots == g.server and slots then
      redis.call('SADD', slots .. ':w', crawl .. '\31' .. key)
    elseif slots then
      redis.call('SADD', slots .. ':w', crawl)
    end
    return 0
  end
  local served = 0
  while served < math.min(most, quota) do
    local packed = popLane(c, key, info.priorities)
    if not packed then
      redis.call('ZREM', c .. ':due', key)
      break
    end
    packed = expand(packed, key)
    local id = identity(packed)
    local member = crawl .. '.' .. id
    -- What was replayed has been taken before: it asks the gate, so that its record goes before the former one.
    local replayed = info.replayed and redis.call('HGET', c .. ':replayed', id)
    local granted = start == 'fetch' and served < free and not replayed
    redis.call('HSET', c .. ':open', id, (replayed and string.match(replayed, '^%d+') or '0') .. '\31' .. packed)
    redis.call('ZADD', handOver, now, member)
    if granted then
      holdSlot(g.k, member, now + lease, lease)
      if g.server then holdSlot(g.server, member, now + lease, lease) end
    end
    out[#out + 1] = crawl
    out[#out + 1] = id
    out[#out + 1] = packed
    out[#out + 1] = replayed and 'ask' or start ~= 'fetch' and start or not granted and 'ahead' or g.server and 'fetch@' .. g.serverName or 'fetch'
    served = served + 1
  end
  if served > 0 then
    redis.call('HINCRBY', c .. ':n', key, served)
    -- A timed lane gives the next shortly before that may start.
    local dueMs = g.timed and math.max(now, whenMs + served * math.max(g.delay, g.interval) - LEAD_MS) or now
    redis.call('ZADD', c .. ':due', 'XX', dueMs + order * 0.0001, key)
  end
  return served
end

local nextDue = math.huge
local function serveCrawl(crawl, share)
  local c = ns .. ':c:' .. crawl
  local info = gateCrawl(c)
  if info.state ~= 'running' then return 0 end
  local served = 0
  local lanes = redis.call('ZRANGEBYSCORE', c .. ':due', '-inf', now, 'LIMIT', 0, LANES_A_TURN)
  for order, key in ipairs(lanes) do
    if served >= share then break end
    local quota = math.max(1, math.floor((share - served) / (#lanes - order + 1)))
    served = served + serveLane(crawl, c, key, info, quota, order)
  end
  local first = redis.call('ZRANGE', c .. ':due', 0, 0, 'WITHSCORES')
  if first[2] then nextDue = math.min(nextDue, tonumber(first[2])) end
  return served
end

if only ~= '*' then
  if room > 0 then serveCrawl(only, room) end
else
  local crawls = redis.call('ZRANGE', ns .. ':active', 0, 15)
  for i, crawl in ipairs(crawls) do
    if room <= 0 then break end
    local served = serveCrawl(crawl, math.max(1, math.floor(room / (#crawls - i + 1))))
    room = room - served
    redis.call('ZADD', ns .. ':active', 'XX', now + i * 0.001, crawl)
  end
end
if nextDue < math.huge then out[1] = math.max(0, math.ceil(nextDue - now)) end
return out
