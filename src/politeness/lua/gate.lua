--[[
  The gate of one limiter key. Keys, all under NS:k:KEY
    (HASH)  pause  no start before (ms); next  no start before (ms), from the delay; tat  GCRA's theoretical arrival time (ms)
            conc, max, dur  limits that a request named for this key, over those of its crawl
    :s      (ZSET) holders of slots, scored by the end of their lease (ms)
    :q      (ZSET) holders that asked for a slot and wait for it (retries, redirects), until when (ms): a lane leaves them room
    :w      (SET)  crawls whose lane waits for a slot of this key
]]
local function redisTime()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- How many starts are free now, and else when to ask again and why ('pause', 'delay', 'rate', 'full'). A lane asks without holder. Of a key
-- with a rate, one is free ('rated'), and the fourth answer is the time between two (ms).
local function gateFree(k, now, concurrency, holder)
  local v = redis.call('HMGET', k, 'pause', 'next', 'tat', 'conc', 'max', 'dur')
  local pause, nextStart = tonumber(v[1]), tonumber(v[2])
  if pause and pause > now then return 0, pause, 'pause' end
  local limit = tonumber(v[4]) or concurrency
  redis.call('ZREMRANGEBYSCORE', k .. ':s', '-inf', now)
  local held = redis.call('ZCARD', k .. ':s')
  if not holder then
    redis.call('ZREMRANGEBYSCORE', k .. ':q', '-inf', now)
    held = held + redis.call('ZCARD', k .. ':q')
  elseif held > 0 and redis.call('ZSCORE', k .. ':s', holder) then
    held = held - 1
  end
  if held >= limit then
    local first = redis.call('ZRANGE', k .. ':s', 0, 0, 'WITHSCORES')
    return 0, (tonumber(first[2]) or now) + 1, 'full'
  end
  if nextStart and nextStart > now then return 0, nextStart, 'delay' end
  if v[5] and v[6] then
    local tat, interval = tonumber(v[3]) or 0, tonumber(v[6]) / tonumber(v[5])
    if tat > now then return 0, math.ceil(tat), 'rate' end
    if interval > 0 then return 1, 0, 'rated', interval end
  end
  return limit - held, 0, ''
end

-- Times are forgotten after a day without use; limits that requests named stay.
local function gateExpire(k, ms)
  if redis.call('HEXISTS', k, 'conc') == 0 and redis.call('HEXISTS', k, 'max') == 0 then redis.call('PEXPIRE', k, ms + 86400000) end
end

-- One start: takes a slot and moves the times on. Only after gateFree said that one is free.
local function gateStart(k, now, delay, holder, lease)
  redis.call('ZADD', k .. ':s', now + lease, holder)
  redis.call('PEXPIRE', k .. ':s', lease * 2)
  if delay > 0 then
    redis.call('HSET', k, 'next', now + delay)
    gateExpire(k, delay)
  end
  local rate = redis.call('HMGET', k, 'max', 'dur', 'tat')
  if rate[1] and rate[2] then
    local interval = tonumber(rate[2]) / tonumber(rate[1])
    redis.call('HSET', k, 'tat', string.format('%.3f', math.max(now, tonumber(rate[3]) or 0) + interval))
  end
end

-- Gives a slot back, and lets the lanes that waited for it be looked at again.
local function gateRelease(ns, key, holder, now)
  local k = ns .. ':k:' .. key
  redis.call('ZREM', k .. ':s', holder)
  local waiting = redis.call('SMEMBERS', k .. ':w')
  if #waiting > 0 then
    redis.call('DEL', k .. ':w')
    for _, crawl in ipairs(waiting) do redis.call('ZADD', ns .. ':c:' .. crawl .. ':due', 'XX', now, key) end
  end
end
