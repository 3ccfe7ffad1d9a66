--[[
  Keeps what was decided about hosts (src/politeness/backoff.ts), each unless it has changed since it was read. Consumers hear of a longer
  pause, and of a host that obeys a clock from now on.

  KEYS[1]  NS:held (ZSET) limiter keys that are paused or slowed, by until when
  ARGV[1]  NS
  ARGV[2]  and all after it, for each host:
           limiter key
           version that was read, '' for none
           until when it is held back (ms), 0 if it is not
           for how long all of it is kept (ms)
           no start by its rate so long from now (ms)
           number of fields and values, then these
  Answers  an array: 'kept' for each host that was, 'changed' for one that another had changed
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/keep.lua
--- include politeness/lua/limiter/key-event.lua
local ns, held = ARGV[1], KEYS[1]
local now = redisTime()

local function number(text)
  return tonumber(text) or 0
end

local function keep(key, heldUntil, keepMs, startAfterMs, changes)
  local k = ns .. ':k:' .. key
  local pause, pace, hint, tat = unpack(redis.call('HMGET', k, 'pause', 'pace', 'hint', 'tat'))
  redis.call('HINCRBY', k, 'version', 1)
  if #changes > 0 then redis.call('HSET', k, unpack(changes)) end
  if startAfterMs > 0 then redis.call('HSET', k, 'tat', math.max(now + startAfterMs, number(tat))) end
  gateKeep(k, keepMs)
  if heldUntil > now then redis.call('ZADD', held, heldUntil, key) else redis.call('ZREM', held, key) end
  local newPause, newPace, newHint = unpack(redis.call('HMGET', k, 'pause', 'pace', 'hint'))
  local pauseUntil = number(newPause)
  if pauseUntil > now and pauseUntil > number(pause) then tellOfKey(ns, 'pause', math.ceil(pauseUntil - now), key) end
  local wasTimed = number(pace) > 0 or number(hint) > 0
  local isTimed = number(newPace) > 0 or number(newHint) > 0
  if isTimed and (startAfterMs > 0 or not wasTimed) then tellOfKey(ns, 'timed', 0, key) end
end

local out = {}
local i = 2
while i <= #ARGV do
  local key, version, heldUntil, keepMs, startAfterMs, count =
    ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  if (redis.call('HGET', ns .. ':k:' .. key, 'version') or '') == version then
    keep(key, heldUntil, keepMs, startAfterMs, { unpack(ARGV, i + 6, i + 5 + count) })
    out[#out + 1] = 'kept'
  else
    out[#out + 1] = 'changed'
  end
  i = i + 6 + count
end
redis.call('ZREMRANGEBYSCORE', held, '-inf', now)
return out
