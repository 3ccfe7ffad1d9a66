--[[
  Grants the part of a crawl on a shard so many more requests as it has parked, while the limit of the crawl
  lasts. At home. To ask again with the same `granted` grants nothing more.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  shard of the part
  ARGV[4]  how many it has been granted, as it knows
  ARGV[5]  how many it has parked
  Answers  {how many it is granted in all, 1 if nothing of the limit is left, else 0}; nil when the crawl is
           gone, or nobody knows yet what its parts have accepted (count-granted.lua)

  NS:c:CRAWL (HASH), its fields g:SHARD: what the part on that shard is granted; grantedSum: all of them;
                     counted: grantedSum has all that the parts have accepted
]]
local ns, crawl, shard, granted, parked = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local c = ns .. ':c:' .. crawl
local state, limited, counted, ownText, sumText =
  unpack(redis.call('HMGET', c, 'state', 'limited', 'counted', 'g:' .. shard, 'grantedSum'))
if not state or (limited and not counted) then return false end
local limit, own, sum = tonumber(limited) or math.huge, tonumber(ownText) or 0, tonumber(sumText) or 0
-- It has not heard of the last grant: that comes first.
if own > granted then return { own, 0 } end
-- It has more than home knows of: it had no limit then, or home has lost its last grant.
sum = sum + granted - own
local more = math.max(0, math.min(parked, limit - sum))
if granted + more > own then redis.call('HSET', c, 'g:' .. shard, granted + more, 'grantedSum', sum + more) end
return { granted + more, sum + more >= limit and 1 or 0 }
