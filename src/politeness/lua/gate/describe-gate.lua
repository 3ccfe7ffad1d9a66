-- The state of a limiter key for a request of this crawl (frontier/lua/crawl/read-crawl.lua): what it is
-- allowed, why, and what it does. The names are those of `HostState` in src/frontier/hosts.ts. Changes
-- nothing.
--- include politeness/lua/gate/read-gate.lua
local function numberOrNull(text)
  return tonumber(text) or cjson.null
end

local function describeGate(ns, key, crawl, now)
  local g = readGate(ns, key, crawl, now)
  local conc, delay, max, dur, crawlDelay, paceText, hint, hintUntil, refusals, server =
    unpack(redis.call('HMGET', g.k, 'o:conc', 'o:delay', 'o:max', 'o:dur', 'crawl', 'pace', 'hint', 'hintUntil', 'refusals', 'server'))
  local pauseWhy, pauseSince, paceWhy, paceSince, paceShare, usualLatency, hintSince, crawlSince =
    unpack(redis.call('HMGET', g.k, 'pauseWhy', 'pauseSince', 'paceWhy', 'paceSince', 'paceShare', 'base', 'hintSince', 'crawlSince'))
  local pace = crawl.adaptive and tonumber(paceText) or 0
  return {
    key = key, inFlight = redis.call('ZCOUNT', g.k .. ':s', now, '+inf'),
    pausedMs = math.max(0, g.pause - now), nextMs = math.max(0, math.ceil(math.max(g.next, g.tat) - now)),
    concurrency = g.concurrency, delayMs = g.delay, intervalMs = math.ceil(g.interval),
    crawlDelayMs = crawl.ignoreRobots and cjson.null or numberOrNull(crawlDelay), paceMs = pace > 0 and math.ceil(pace) or cjson.null,
    quotaMs = (tonumber(hintUntil) or 0) > now and numberOrNull(hint) or cjson.null,
    latencyMs = g.latency and math.floor(g.latency + 0.5) or cjson.null, refusals = tonumber(refusals) or 0,
    server = server or cjson.null,
    -- src/politeness/held-back.ts puts these into words.
    now = now, pauseUntil = g.pause, pauseWhy = pauseWhy or '', pauseSince = numberOrNull(pauseSince),
    paceWhy = paceWhy or '', paceSince = numberOrNull(paceSince), paceShare = numberOrNull(paceShare), usualLatencyMs = numberOrNull(usualLatency),
    quotaUntil = numberOrNull(hintUntil), quotaSince = numberOrNull(hintSince), crawlDelaySince = numberOrNull(crawlSince),
    set = { concurrency = numberOrNull(conc), delayMs = numberOrNull(delay), max = numberOrNull(max), durationMs = numberOrNull(dur) },
  }
end
