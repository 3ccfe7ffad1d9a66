--[[
  Begins to forget a crawl that has ended: from now on nobody finds it. What it keeps is removed afterwards,
  in steps. To do it again changes nothing. A finished crawl becomes cancelled, so that nothing of it starts
  any more, whatever a producer or a replay does meanwhile.

  KEYS[1]  NS:crawls
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  1 if its records go too: then only who can delete them goes on when this is cut off
  Answers  {'forgetting', token of its records, address of their store};
           {'open', its state, requests that wait}; or {'unknown'}

  NS:forgetting (ZSET) crawls whose remains are being removed, by when that began (ms)
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/waiting-of.lua
local ns, crawl, withRecords = ARGV[1], ARGV[2], ARGV[3] == '1'
local c = ns .. ':c:' .. crawl
local now = redisTime()
local state, name, token, store, accepted, recorded, refused, dead =
  unpack(redis.call('HMGET', c, 'state', 'name', 'token', 'store', 'accepted', 'recorded', 'refused', 'dead'))
if redis.call('ZSCORE', ns .. ':forgetting', crawl) then
  if withRecords then redis.call('HSET', c, 'dropRecords', '1') end
  return { 'forgetting', token or '', store or '' }
end
if not state then return { 'unknown' } end
local isBusy = state == 'finished' and redis.call('ZCOUNT', c .. ':producers', now, '+inf') > 0
if isBusy or (state ~= 'finished' and state ~= 'cancelled') then
  return { 'open', state, waitingOf(accepted, recorded, refused, dead) }
end
redis.call('ZADD', ns .. ':forgetting', now, crawl)
redis.call('HSET', c, 'state', 'cancelled')
if withRecords then redis.call('HSET', c, 'dropRecords', '1') end
redis.call('ZREM', ns .. ':crawls', crawl)
redis.call('ZREM', ns .. ':active', crawl)
-- The name means the newest crawl of it that is left.
if name and redis.call('HGET', ns .. ':names', name) == crawl then
  redis.call('HDEL', ns .. ':names', name)
  for serial = tonumber(redis.call('HGET', ns .. ':serials', name)) or 0, 1, -1 do
    local id = serial == 1 and name or name .. '.' .. serial
    if redis.call('ZSCORE', ns .. ':crawls', id) then
      redis.call('HSET', ns .. ':names', name, id)
      break
    end
  end
end
return { 'forgetting', token or '', store or '' }
