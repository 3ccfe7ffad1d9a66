--[[
  One dispatch: gives slots back, notes what has arrived in the queue, and moves due requests from
  lanes to the hand-over list, fairly over crawls and hosts, with a slot of their limiter key or ahead of one.
  What was handed over but never arrived (the dispatcher died) is handed over again.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  crawl to serve, or '*'
  ARGV[3]  how many jobs should wait in the queue
  ARGV[4]  lease (ms)
  ARGV[5]  how many slots are given back
  ARGV[6]  and every third one after it, for each of these slots: limiter key
  ARGV[7]  …: holder
  ARGV[8]  …: server or ''
  ARGV[…]  and all after these: members of the hand-over list that have arrived
  Answers  {ms until the next lane is due or -1, waiting in the queue, then four for each request: crawl, id,
           packed, and how it starts: 'fetch' with a slot ('fetch@SERVER' with one of its server too), 'ahead'
           of one, 'ask' the gate (its key obeys a clock, or it was handed over before)}

  NS:hand-over (ZSET) CRAWL.ID by the time of the hand-over
  NS:active (ZSET) crawls by their last dispatch
  NS:c:CRAWL:due (ZSET) limiter key by when its lane is due (ms)
  NS:c:CRAWL:n (HASH) limiter key to number of open requests
]]
--- include lua/clock.lua
--- include lua/clamp-leases.lua
--- include politeness/lua/gate/read-gate.lua
--- include politeness/lua/slots/hold-slots.lua
--- include politeness/lua/slots/wait-for-slot.lua
--- include frontier/lua/crawl/read-crawl.lua
--- include frontier/lua/request/read-open.lua
--- include frontier/lua/request/not-due-of.lua
--- include frontier/lua/lane/allowance.lua
--- include frontier/lua/lane/pop-lane.lua
--- include frontier/lua/lane/expand-entry.lua
--- include frontier/lua/lane/id-of.lua
--- include frontier/lua/lane/release.lua
local HAND_OVER_TIMEOUT_MS = 3000
-- What was noted this long after now was noted before the clock of Redis went back.
local BACK_FROM_MS = 200
local MOST_LANES = 100
-- Most requests, or slots, that one call of Redis takes.
local MOST_AT_ONCE = 500
local MOST_CRAWLS = 16
-- While so many jobs of a crawl wait for a browser, its other requests stay in their lanes.
local MOST_FOR_BROWSER = 200
-- While so many lists of links have not arrived at their shard, other requests stay in their lanes. In a
-- Cluster a list is acknowledged after 0.8 s, and a page may have one for each shard: so many come of more
-- pages a second than one Redis can end.
local MOST_LINKS_OUT = 20000
local ns, only, wanted, lease, releases = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local firstArrived = 6 + 3 * releases
local now = redisTime()
-- Lua would print the number anew for each call.
local nowText = string.format('%.17g', now)
local handOver = ns .. ':hand-over'

-- Slots of one key (and server) are given back together.
local givenBack, groups = {}, {}
for i = 6, firstArrived - 1, 3 do
  local key, holder, server = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local name = key .. '\31' .. server
  local group = groups[name]
  if not group or #group.holders == MOST_AT_ONCE then
    group = { key = key, server = server, holders = {} }
    groups[name] = group
    givenBack[#givenBack + 1] = group
  end
  group.holders[#group.holders + 1] = holder
end
for _, group in ipairs(givenBack) do release(ns, group.key, group.holders, group.server, now) end
for first = firstArrived, #ARGV, 1000 do redis.call('ZREM', handOver, unpack(ARGV, first, math.min(first + 999, #ARGV))) end

local waiting = redis.call('LLEN', ns .. ':requests:wait')
local dispatch = { now = now, lease = lease, isHungry = waiting * 4 <= wanted }
-- The answer. Its first place is filled at the end.
local out = { -1, waiting }

local function hand(crawl, id, packed, start)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3], out[n + 4] = crawl, id, packed, start
end

local function handOverAgain()
  local count = 0
  clampLeases(handOver, now, BACK_FROM_MS, 0)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', handOver, '-inf', now - HAND_OVER_TIMEOUT_MS, 'LIMIT', 0, 100)) do
    local crawl, id = string.match(member, '^(.*)%.([^.]*)$')
    local claim, packed = readOpen(ns .. ':c:' .. crawl, id)
    if claim then
      redis.call('ZADD', handOver, now, member)
      hand(crawl, id, packed, 'ask')
      count = count + 1
    else
      redis.call('ZREM', handOver, member)
    end
  end
  return count
end

-- The lane gives nothing now.
local function rest(crawl, c, key, g, allowance, ahead)
  redis.call('ZADD', c .. ':due', allowance.due + ahead, key)
  local slots = allowance.waitsFor
  if not slots then return end
  waitForSlot(slots, slots == g.server and crawl .. '\31' .. key or crawl)
end

-- Opens requests of a lane and hands them over, with as many slots as are `free`.
local function openAll(crawl, c, key, info, g, entries, start, free)
  local opened, handed, holders = {}, {}, {}
  for i, entry in ipairs(entries) do
    local packed, url = expandEntry(entry, key)
    local id = idOf(packed, url)
    local member = crawl .. '.' .. id
    -- A replayed request has been taken before. It asks the gate and gets a new claim, so that its record
    -- wins over the former one.
    local replayed = info.replayed and redis.call('HGET', c .. ':replayed', id)
    opened[2 * i - 1], opened[2 * i] = id, (replayed and string.match(replayed, '^%d+') or '0') .. '\31' .. packed
    handed[2 * i - 1], handed[2 * i] = nowText, member
    local how = start
    if replayed then
      how = 'ask'
    elseif start == 'fetch' and i > free then
      how = 'ahead'
    elseif start == 'fetch' then
      holders[#holders + 1] = member
      if g.server then how = 'fetch@' .. g.serverName end
    end
    hand(crawl, id, packed, how)
  end
  redis.call('HSET', c .. ':open', unpack(opened))
  redis.call('ZADD', handOver, unpack(handed))
  if #holders == 0 then return end
  holdSlots(g.k, holders, now + lease, lease)
  if g.server then holdSlots(g.server, holders, now + lease, lease) end
end

-- Serves one lane: up to `quota` requests. Returns how many.
local function serveLane(crawl, c, key, info, quota, order)
  local g = readGate(ns, key, info, now)
  local notDue = info.onlyDue and notDueOf(c, key) or 0
  local allowance = allowanceOf(g, tonumber(redis.call('HGET', c .. ':n', key)) or 0, dispatch, notDue)
  if allowance.most < 1 then
    rest(crawl, c, key, g, allowance, info.ahead)
    return 0
  end
  local served, most = 0, math.min(allowance.most, quota)
  while served < most do
    local entries = popLane(c, key, info.priorities, math.min(most - served, MOST_AT_ONCE))
    if #entries == 0 then
      redis.call('ZREM', c .. ':due', key)
      break
    end
    openAll(crawl, c, key, info, g, entries, allowance.start, allowance.free - served)
    served = served + #entries
  end
  if served > 0 then
    redis.call('HINCRBY', c .. ':n', key, served)
    -- A lane with a clock gives its next request shortly before that may start.
    local dueMs = g.timed and math.max(now, allowance.at + served * math.max(g.delay, g.interval) - LEAD_MS) or now
    redis.call('ZADD', c .. ':due', 'XX', dueMs + info.ahead + order * 0.0001, key)
  end
  return served
end

-- The due times of a crawl's lanes are by the clock of Redis and `ahead`, by how far that clock has gone back
-- since the crawl began. So a lane that was due in a second stays due in a second.
local function clockAheadOf(crawl, c, info)
  local last = tonumber(redis.call('ZSCORE', ns .. ':active', crawl)) or 0
  redis.call('ZADD', ns .. ':active', 'XX', now, crawl)
  if last < now + BACK_FROM_MS then return info.ahead end
  redis.call('HSET', c, 'clockAhead', info.ahead + last - now)
  return info.ahead + last - now
end

local nextDue = math.huge
local function serveCrawl(crawl, share)
  local c = ns .. ':c:' .. crawl
  local info = readCrawl(c)
  if info.state ~= 'running' or info.forBrowser >= MOST_FOR_BROWSER or info.linksOut >= MOST_LINKS_OUT then return 0 end
  info.ahead = clockAheadOf(crawl, c, info)
  local served = 0
  local lanes = redis.call('ZRANGEBYSCORE', c .. ':due', '-inf', now + info.ahead, 'LIMIT', 0, MOST_LANES)
  for order, key in ipairs(lanes) do
    if served >= share then break end
    local quota = math.max(1, math.floor((share - served) / (#lanes - order + 1)))
    served = served + serveLane(crawl, c, key, info, quota, order)
  end
  local first = redis.call('ZRANGE', c .. ':due', 0, 0, 'WITHSCORES')
  if first[2] then nextDue = math.min(nextDue, tonumber(first[2]) - info.ahead) end
  return served
end

local room = wanted - waiting - handOverAgain() - redis.call('ZCARD', handOver)
if only ~= '*' then
  if room > 0 then serveCrawl(only, room) end
else
  local crawls = redis.call('ZRANGE', ns .. ':active', 0, MOST_CRAWLS - 1)
  for i, crawl in ipairs(crawls) do
    if room <= 0 then break end
    room = room - serveCrawl(crawl, math.max(1, math.floor(room / (#crawls - i + 1))))
    redis.call('ZADD', ns .. ':active', 'XX', now + i * 0.001, crawl)
  end
end
if nextDue < math.huge then out[1] = math.max(0, math.ceil(nextDue - now)) end
return out
