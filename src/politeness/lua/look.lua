--[[
  How limiter keys stand: what they are allowed, why, and what they do. Changes nothing.
    KEYS[1] NS:active  ·  ARGV 1 NS, then limiter keys (some hundreds at most)
  Answers a JSON array, an object for each key. Times in milliseconds; null where there is nothing to say.
]]
--- include politeness/lua/gate.lua
local ns = ARGV[1]
local now = redisTime()
local crawls = {}
for _, crawl in ipairs(redis.call('ZREVRANGE', ns .. ':crawls', 0, 99)) do
  local info = gateCrawl(ns .. ':c:' .. crawl)
  if info.state == 'running' or info.state == 'paused' then crawls[#crawls + 1] = { crawl, info } end
end
local fallback = gateCrawl(ns .. ':c:')
local function number(text)
  return tonumber(text) or cjson.null
end
local out = {}
for i = 2, #ARGV do
  local key = ARGV[i]
  local k = ns .. ':k:' .. key
  local waiting, open, whose = 0, 0, nil
  for _, crawl in ipairs(crawls) do
    local c, info = ns .. ':c:' .. crawl[1], crawl[2]
    local here = tonumber(redis.call('HGET', c .. ':n', key)) or 0
    open = open + here
    for priority in string.gmatch(info.priorities, '%d') do
      local length = redis.call('LLEN', c .. ':l' .. priority .. ':' .. key)
      waiting = waiting + length
      here = here + length
    end
    if here > 0 and not whose then whose = info end
  end
  local info = whose or crawls[1] and crawls[1][2] or fallback
  local g = gateRead(ns, key, info, now)
  local v = redis.call('HMGET', k, 'o:conc', 'o:delay', 'o:max', 'o:dur', 'crawl', 'pace', 'hint', 'hintUntil', 'refusals', 'server',
    'pauseWhy', 'pauseSince', 'paceWhy', 'paceSince', 'paceShare', 'base', 'hintSince', 'crawlSince')
  local pace = info.adaptive and tonumber(v[6]) or 0
  out[#out + 1] = {
    key = key, waiting = waiting, open = open, inFlight = redis.call('ZCOUNT', k .. ':s', now, '+inf'),
    pausedMs = math.max(0, g.pause - now), nextMs = math.max(0, math.ceil(math.max(g.next, g.tat) - now)),
    concurrency = g.concurrency, delayMs = g.delay, intervalMs = math.ceil(g.interval),
    crawlDelayMs = info.ignoreRobots and cjson.null or number(v[5]), paceMs = pace > 0 and math.ceil(pace) or cjson.null,
    quotaMs = (tonumber(v[8]) or 0) > now and number(v[7]) or cjson.null,
    latencyMs = g.latency and math.floor(g.latency + 0.5) or cjson.null, refusals = tonumber(v[9]) or 0,
    server = v[10] or cjson.null,
    -- What src/politeness/held-back.ts says in words.
    now = now, pauseUntil = g.pause, pauseWhy = v[11] or '', pauseSince = number(v[12]), paceWhy = v[13] or '', paceSince = number(v[14]),
    paceShare = number(v[15]), usualLatencyMs = number(v[16]), quotaUntil = number(v[8]), quotaSince = number(v[17]), crawlDelaySince = number(v[18]),
    set = { concurrency = number(v[1]), delayMs = number(v[2]), max = number(v[3]), durationMs = number(v[4]) },
  }
end
return #out == 0 and '[]' or cjson.encode(out)
