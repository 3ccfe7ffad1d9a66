--[[
  What the frontier knows of one request, at one moment. Changes nothing.
    KEYS[1] NS:c:CRAWL
    ARGV    1 NS  2 crawl  3 id  4 the id as a signed decimal
  Answers {state of the crawl ('' if there is none), 1 if it is in the seen set, 0 if not, -1 if the set was dropped, `CLAIM US PACKED` while it is open or '',
  `CLAIM US REASON` if it is dead or '', `CLAIM US RUN` while it is replayed or '', 1 if it stands on the hand-over list}
]]
--- include frontier/lua/seen.lua
local ns, crawl, id = ARGV[1], ARGV[2], ARGV[3]
local c = KEYS[1]
local v = redis.call('HMGET', c, 'state', 'buckets')
local seen = -1
if v[1] ~= 'cancelled' then
  local buckets = tonumber(v[2]) or 1
  seen = redis.call('SISMEMBER', c .. ':s:' .. seenBucket(ARGV[4], buckets, powerBelow(buckets)), ARGV[4])
end
local function field(name)
  return redis.call('HGET', c .. ':' .. name, id) or ''
end
local handOver = redis.call('ZSCORE', ns .. ':hand-over', crawl .. '.' .. id) and 1 or 0
return { v[1] or '', seen, field('open'), field('dead'), field('replayed'), handOver }
