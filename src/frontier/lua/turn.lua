--[[
  One turn of dispatch: gives slots back, notes what has arrived in the queue, and moves due requests from lanes to the hand-over
  list, fairly over crawls and hosts, with a slot of their limiter key or ahead of one. What was handed over and never arrived (the dispatcher
  died) is handed over again.
    KEYS[1] NS:active
    ARGV    1 NS  2 crawl to serve, or '*'  3 the queue's list of waiting jobs  4 wanted length of that list  5 lease (ms)
            6 number of releases, then two each: limiter key, holder; then the arrived: members of the hand-over list
  Keys: NS:handing (ZSET) CRAWL.ID by the time of the hand-over · NS:c:CRAWL:due (ZSET) limiter key by when its lane is due (ms)
        NS:c:CRAWL:open (HASH) id to TAKE US PACKED · NS:c:CRAWL:n (HASH) limiter key to number of open requests
  Answers {ms until the next lane is due or -1, waiting in the queue, then per request: crawl, id, packed, and how it starts: 'fetch' with a slot, 'ahead'
  of one, 'ask' the gate (its key has a rate, or it was handed over before)}
]]
--- include politeness/lua/gate.lua
local HANDING_TIMEOUT = 3000
local LANES_A_TURN = 100
-- Hosts of a smaller limit are not served ahead: their requests would only wait in a consumer that others could use.
local AHEAD_FROM = 8
local ns, only, lease = ARGV[1], ARGV[2], tonumber(ARGV[5])
local now = redisTime()
local handing = ns .. ':handing'
local releases = tonumber(ARGV[6])
local at = 7
for _ = 1, releases do
  gateRelease(ns, ARGV[at], ARGV[at + 1], now)
  at = at + 2
end
for first = at, #ARGV, 1000 do redis.call('ZREM', handing, unpack(ARGV, first, math.min(first + 999, #ARGV))) end

local out = { -1, redis.call('LLEN', ARGV[3]) }
local room = tonumber(ARGV[4]) - out[2]
for _, member in ipairs(redis.call('ZRANGEBYSCORE', handing, '-inf', now - HANDING_TIMEOUT, 'LIMIT', 0, 100)) do
  local crawl, id = string.match(member, '^(.*)%.([^.]*)$')
  local open = redis.call('HGET', ns .. ':c:' .. crawl .. ':open', id)
  if open then
    redis.call('ZADD', handing, now, member)
    out[#out + 1] = crawl
    out[#out + 1] = id
    out[#out + 1] = string.match(open, '^%d+\31(.*)$')
    out[#out + 1] = 'ask'
    room = room - 1
  else
    redis.call('ZREM', handing, member)
  end
end
room = room - redis.call('ZCARD', handing)

local function popLane(c, key, priorities)
  for p = 9, 0, -1 do
    if string.find(priorities, tostring(p), 1, true) then
      local packed = redis.call('LPOP', c .. ':l' .. p .. ':' .. key)
      if packed then return packed end
    end
  end
end

-- The lane keeps a URL of its own host without http://HOST (0x01) or https://HOST (0x02): src/frontier/entry.ts.
local function expand(packed, key)
  local head, mark, path = string.match(packed, '^(.*\31)([\1\2])(.*)$')
  if not mark then return packed end
  return head .. (mark == '\1' and 'http://' or 'https://') .. key .. path
end

local function identity(packed)
  local given = string.match(packed, '^([^\31]*)\31')
  if given ~= '' then return given end
  return string.sub(redis.sha1hex(string.match(packed, '\31([^\31]*)$')), 1, 16)
end

-- Serves one lane: up to `quota` requests. Answers how many.
local function serveLane(crawl, c, key, perHost, delay, priorities, quota, order)
  local k = ns .. ':k:' .. key
  local open = tonumber(redis.call('HGET', c .. ':n', key)) or 0
  local free, untilMs, why, interval = gateFree(k, now, perHost)
  local rated = why == 'rated'
  local cap = perHost * 4 + 16
  if free > 0 and open >= cap then free, untilMs, why = 0, now + 5000, 'full' end
  -- Without a clock to obey, some go ahead without a slot: they wait in a consumer for one that is given back there.
  local most = (delay > 0 or rated) and math.min(free, 1) or free
  if perHost >= AHEAD_FROM and delay == 0 and (why == '' or why == 'full') then
    most = math.max(free, math.min(cap, perHost * 3 + 2) - open)
  end
  if most < 1 then
    redis.call('ZADD', c .. ':due', why == 'full' and math.min(untilMs, now + lease) or untilMs, key)
    if why == 'full' then redis.call('SADD', k .. ':w', crawl) end
    return 0
  end
  local served = 0
  while served < math.min(most, quota, cap - open) do
    local packed = popLane(c, key, priorities)
    if not packed then
      redis.call('ZREM', c .. ':due', key)
      break
    end
    packed = expand(packed, key)
    local id = identity(packed)
    local member = crawl .. '.' .. id
    redis.call('HSET', c .. ':open', id, '0\31' .. packed)
    redis.call('ZADD', handing, now, member)
    if served < free and not rated then redis.call('ZADD', k .. ':s', now + lease, member) end
    out[#out + 1] = crawl
    out[#out + 1] = id
    out[#out + 1] = packed
    out[#out + 1] = rated and 'ask' or served < free and 'fetch' or 'ahead'
    served = served + 1
  end
  if served > 0 then
    if free > 0 and not rated then redis.call('PEXPIRE', k .. ':s', lease * 2) end
    redis.call('HINCRBY', c .. ':n', key, served)
    -- A lane with a delay or a rate gives the next when that may start, so that no request waits in a consumer.
    redis.call('ZADD', c .. ':due', 'XX', now + math.max(delay, rated and interval or 0) + order * 0.0001, key)
  end
  return served
end

local nextDue = math.huge
local function serveCrawl(crawl, share)
  local c = ns .. ':c:' .. crawl
  local info = redis.call('HMGET', c, 'state', 'perHost', 'priorities', 'delay')
  if info[1] ~= 'running' then return 0 end
  local served = 0
  local lanes = redis.call('ZRANGEBYSCORE', c .. ':due', '-inf', now, 'LIMIT', 0, LANES_A_TURN)
  for order, key in ipairs(lanes) do
    if served >= share then break end
    local quota = math.max(1, math.floor((share - served) / (#lanes - order + 1)))
    served = served + serveLane(crawl, c, key, tonumber(info[2]) or 2, tonumber(info[4]) or 0, info[3] or '0', quota, order)
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
