--[[
  Adds fingerprints to the seen set of a crawl, which splits its buckets as lane/add.lua does. To do it again
  changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  and all after it: fingerprints (some hundreds)
  Answers  1
]]
--- include frontier/lua/seen/power-below.lua
--- include frontier/lua/seen/seen-bucket.lua
--- include frontier/lua/seen/split-bucket.lua
local SPLIT_FROM, SPLIT_TO = 300, 420
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local bucketCount, seenCount, state = unpack(redis.call('HMGET', c, 'buckets', 'seen', 'state'))
-- That of a cancelled crawl is dropped; a crawl that is forgotten stays gone.
if not state or state == 'cancelled' then return 1 end
local buckets, seen = tonumber(bucketCount) or 1, tonumber(seenCount) or 0
local level = powerBelow(buckets)
for i = 3, #ARGV do
  if redis.call('SADD', c .. ':s:' .. seenBucket(ARGV[i], buckets, level), ARGV[i]) == 1 then
    seen = seen + 1
    if seen > level * SPLIT_FROM + (buckets - level) * (SPLIT_TO - SPLIT_FROM) then buckets, level = splitBucket(c, buckets, level) end
  end
end
redis.call('HSET', c, 'buckets', buckets, 'seen', seen)
return 1
