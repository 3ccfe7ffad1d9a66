--[[
  What the frontier knows about one request, at one moment. Changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  id
  ARGV[4]  the id as a signed decimal
  Answers  JSON: `state` of the crawl (null if there is none); `seen`: 'seen', 'unseen', or 'dropped' (the
           seen set of a cancelled crawl is gone); `open`: `CLAIM US PACKED`, `dead`: `CLAIM US REASON`,
           `replayed`: `CLAIM US RUN`, each null if it is not; `handOver`: whether it is on the hand-over
           list
]]
--- include frontier/lua/seen/power-below.lua
--- include frontier/lua/seen/seen-bucket.lua
local ns, crawl, id, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local c = ns .. ':c:' .. crawl
local state, bucketCount = unpack(redis.call('HMGET', c, 'state', 'buckets'))
local seen = 'dropped'
if state ~= 'cancelled' then
  local buckets = tonumber(bucketCount) or 1
  local bucket = seenBucket(fingerprint, buckets, powerBelow(buckets))
  seen = redis.call('SISMEMBER', c .. ':s:' .. bucket, fingerprint) == 1 and 'seen' or 'unseen'
end
return cjson.encode({
  state = state or cjson.null,
  seen = seen,
  open = redis.call('HGET', c .. ':open', id) or cjson.null,
  dead = redis.call('HGET', c .. ':dead', id) or cjson.null,
  replayed = redis.call('HGET', c .. ':replayed', id) or cjson.null,
  handOver = redis.call('ZSCORE', ns .. ':hand-over', crawl .. '.' .. id) and true or false,
})
