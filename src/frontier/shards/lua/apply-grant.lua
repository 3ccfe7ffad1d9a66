--[[
  Accepts requests that are parked: as many more as home has granted since the last time. When nothing of the
  limit is left, the others are dropped, and can be found anew. To do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  how many it is granted in all
  ARGV[4]  1 if nothing of the limit is left, else 0
  ARGV[5]  1 if those that are dropped are links, which the crawl counts as left out; else 0
  Answers  {accepted, dropped, still parked}

  NS:c:CRAWL (HASH), its field full: nothing of the limit is left, so that nothing is parked any more
]]
--- include lua/clock.lua
--- include frontier/lua/seen/power-below.lua
--- include frontier/lua/seen/seen-bucket.lua
--- include frontier/lua/crawl/finish.lua
--- include frontier/lua/crawl/note-priority.lua
local MOST_AT_ONCE = 1000
local ns, crawl, granted, isFull, areLinks = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1'
local c = ns .. ':c:' .. crawl
local now = redisTime()
local state, before, parkedText, perHost = unpack(redis.call('HMGET', c, 'state', 'granted', 'parked', 'maxPerHost'))
-- A crawl that was forgotten meanwhile stays gone.
if not state then return { 0, 0, 0 } end
local parked = tonumber(parkedText) or 0
local more = math.max(0, granted - (tonumber(before) or 0))

local function take(most)
  return most > 0 and redis.call('LPOP', c .. ':parked', most) or {}
end
local accepted = 0
while accepted < more do
  local requests = take(math.min(MOST_AT_ONCE, more - accepted))
  if #requests == 0 then break end
  for _, request in ipairs(requests) do
    local key, priority, packed = string.match(request, '^([^\29]*)\29([^\29]*)\29[^\29]*\29(.*)$')
    redis.call('RPUSH', c .. ':l' .. priority .. ':' .. key, packed)
    redis.call('ZADD', c .. ':due', 'NX', now, key)
    notePriority(c, redis.call('HGET', c, 'priorities') or '0', priority)
  end
  accepted = accepted + #requests
end
if accepted > 0 then redis.call('HINCRBY', c, 'accepted', accepted) end
redis.call('HSET', c, 'granted', math.max(granted, tonumber(before) or 0))

local dropped = 0
if isFull then
  redis.call('HSET', c, 'full', '1')
  local buckets = tonumber(redis.call('HGET', c, 'buckets')) or 1
  local level = powerBelow(buckets)
  local requests = take(MOST_AT_ONCE)
  while #requests > 0 do
    for _, request in ipairs(requests) do
      local key, fingerprint = string.match(request, '^([^\29]*)\29[^\29]*\29([^\29]*)')
      redis.call('SREM', c .. ':s:' .. seenBucket(fingerprint, buckets, level), fingerprint)
      if perHost then redis.call('HINCRBY', c .. ':accepts', key, -1) end
    end
    dropped = dropped + #requests
    requests = take(MOST_AT_ONCE)
  end
end
if dropped > 0 then
  redis.call('HINCRBY', c, 'seen', -dropped)
  if areLinks then redis.call('HINCRBY', c, 'x:E_LIMIT', dropped) end
end
if accepted + dropped > 0 then redis.call('HINCRBY', c, 'parked', -(accepted + dropped)) end
if dropped > 0 then finishIfDone(ns, crawl, now) end
return { accepted, dropped, parked - accepted - dropped }
