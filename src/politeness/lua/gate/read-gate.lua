--[[
  The gate of one limiter key: everything that decides how many starts it lets pass now, and when the next.
  Keys:
    NS:k:KEY (HASH)
      pause     no start before (ms)
      next      no start before (ms), from the delay
      pend      who has leave to start and has not started yet. Until then nobody else starts, so that delays
                are kept however long a connection takes. `next` is the end of its lease meanwhile
      tat       theoretical arrival time of the next start, by the rate (GCRA with no burst, ms)
      conc, max, dur, delay  limits that a request named for this key
      o:conc, o:delay, o:max, o:dur  limits that the operator set
      crawl     Crawl-delay of its robots.txt (ms)
      pace      least time between two starts that its latency and errors ask for (ms)
      hint, hintUntil  least time between two starts by its quota, and until when (ms)
      lat       its latency (ms); src/politeness/backoff-state.ts names more fields of this kind
      version   counts the changes of these
      wrote     when one of these times was last written (limiter/end-jump-back.lua)
      server    the server whose ceiling it shares (--per-server)
      keep      '1': it has limits that must not be forgotten
    NS:k:KEY:s (ZSET) holders of slots by the end of their lease (ms)
    NS:k:KEY:q (ZSET) holders that wait for a slot (retries, redirects), until when (ms): a lane leaves a
                      place for them
    NS:k:KEY:w (SET)  who is to hear that a slot of this key came free
    NS:server:SERVER:s, :w  the same of a server with a ceiling
]]
--- include politeness/lua/gate/pattern-of.lua
--- include politeness/lua/limiter/end-jump-back.lua
-- Starts are a little late, and not equally late. With this much added to each window, no window holds more
-- starts than the rate allows.
local LATE_MS = 10

-- `crawl` comes from frontier/lua/crawl/read-crawl.lua. The operator's limits come first, then those of the
-- request, of the pattern and of the crawl.
local function readGate(ns, key, crawl, now)
  local k = ns .. ':k:' .. key
  local pause, nextStart, pend, tat, conc, max, dur, delay, setConc, setMax, setDur, setDelay, crawlDelay, pace, hint, hintUntil, latency, server, wrote =
    unpack(redis.call('HMGET', k, 'pause', 'next', 'pend', 'tat', 'conc', 'max', 'dur', 'delay', 'o:conc', 'o:max', 'o:dur', 'o:delay',
      'crawl', 'pace', 'hint', 'hintUntil', 'lat', 'server', 'wrote'))
  if endJumpBack(k, wrote, now) then return readGate(ns, key, crawl, now) end
  local pattern = crawl.hostLimits and patternOf(crawl.hostLimits, key) or {}
  local delayMs = tonumber(setDelay) or tonumber(delay) or pattern.delay or crawl.delay
  if not crawl.ignoreRobots then delayMs = math.max(delayMs, tonumber(crawlDelay) or 0) end
  local most, windowMs = tonumber(setMax) or tonumber(max) or pattern.max, tonumber(setDur) or tonumber(dur) or pattern.durationMs
  local interval = most and windowMs and (windowMs + LATE_MS) / most or 0
  if crawl.adaptive then interval = math.max(interval, tonumber(pace) or 0) end
  if (tonumber(hintUntil) or 0) > now then interval = math.max(interval, tonumber(hint) or 0) end
  return {
    k = k, key = key, pause = tonumber(pause) or 0, next = tonumber(nextStart) or 0, pend = pend, tat = tonumber(tat) or 0,
    concurrency = tonumber(setConc) or tonumber(conc) or pattern.concurrency or crawl.perHost,
    delay = delayMs, interval = interval, timed = delayMs > 0 or interval > 0, latency = tonumber(latency),
    server = crawl.perServer and server and server ~= '-' and ns .. ':server:' .. server or nil, serverName = server or nil,
    perServer = crawl.perServer,
  }
end
