--[[
  Keeps what was decided about hosts (src/politeness/backoff.ts), each unless it has changed since it was read. Consumers hear of a longer
  pause, and of a host that obeys a clock from now on, by the channel NS:keys.
    KEYS[1] any key of the namespace
    ARGV    1 NS  then for each host: limiter key, version that was read ('' for none), until when it is held back (ms, 0 if it is not), for
            how long all of it is kept (ms), no start by its rate so long from now (ms), number of fields and values, then these
  Keys: NS:held (ZSET) limiter keys that are paused or slowed, by until when
  Answers an array: 1 for each host that was kept, 0 for one that had changed.
]]
--- include politeness/lua/gate.lua
local ns = ARGV[1]
local now = redisTime()
local out = {}
local i = 2
while i <= #ARGV do
  local key, version, heldUntil, keep, apart, count = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  local k = ns .. ':k:' .. key
  local before = redis.call('HMGET', k, 'version', 'pause', 'pace', 'hint', 'tat')
  if (before[1] or '') == version then
    redis.call('HINCRBY', k, 'version', 1)
    if count > 0 then redis.call('HSET', k, unpack(ARGV, i + 6, i + 5 + count)) end
    if apart > 0 then redis.call('HSET', k, 'tat', math.max(now + apart, tonumber(before[5]) or 0)) end
    gateKeep(k, keep)
    if heldUntil > now then redis.call('ZADD', ns .. ':held', heldUntil, key) else redis.call('ZREM', ns .. ':held', key) end
    local after = redis.call('HMGET', k, 'pause', 'pace', 'hint')
    local pause = tonumber(after[1]) or 0
    if pause > now and pause > (tonumber(before[2]) or 0) then redis.call('PUBLISH', ns .. ':keys', 'pause ' .. math.ceil(pause - now) .. ' ' .. key) end
    local wasTimed = (tonumber(before[3]) or 0) > 0 or (tonumber(before[4]) or 0) > 0
    local isTimed = (tonumber(after[2]) or 0) > 0 or (tonumber(after[3]) or 0) > 0
    if isTimed and (apart > 0 or not wasTimed) then redis.call('PUBLISH', ns .. ':keys', 'timed 0 ' .. key) end
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
  i = i + 6 + count
end
redis.call('ZREMRANGEBYSCORE', ns .. ':held', '-inf', now)
return out
