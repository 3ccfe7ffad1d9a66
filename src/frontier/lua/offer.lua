--[[
  Offers a batch of requests to a crawl: as a producer (no parent), or as some of the links of a page that is
  still open (the last part goes with the page's commit). Atomic. To offer the same batch again changes
  nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  id of the page, or ''
  ARGV[4]  its claim
  ARGV[5]  its limiter key
  ARGV[6]  the requests (add.lua)
  ARGV[7]  of a producer: the seeds among them as a block (src/frontier/seed-block.ts), to be kept; or ''
  Answers  {'offered', added, duplicates, over the limit, over the limit of their host}. In these cases
           nothing was added: {'unknown'}: there is no such crawl; {'parent-gone'}: the page is not open, or
           was taken over; for a producer also {'full', waiting}: as many wait as are allowed (maxFrontier);
           {'cancelled'}: the crawl was cancelled
]]
--- include lua/clock.lua
--- include frontier/lua/request/read-claim.lua
--- include frontier/lua/crawl/waiting-of.lua
--- include frontier/lua/lane/add.lua
--- include frontier/shards/lua/take-links.lua
--- include frontier/shards/lua/send-links.lua
--- include frontier/lua/seeds/keep-seeds.lua
local ns, crawl, parent, parentClaim, parentKey, list, block = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local c = ns .. ':c:' .. crawl
local state, maxFrontier, accepted, recorded, refused, dead =
  unpack(redis.call('HMGET', c, 'state', 'maxFrontier', 'accepted', 'recorded', 'refused', 'dead'))
if not state then return { 'unknown' } end
if parent == '' then
  if state == 'cancelled' then return { 'cancelled' } end
  local waiting = waitingOf(accepted, recorded, refused, dead)
  if waiting >= (tonumber(maxFrontier) or math.huge) then return { 'full', waiting } end
elseif readClaim(c, parent) ~= parentClaim then
  return { 'parent-gone' }
end
local links = {}
local own = takeLinks(list, links)
local sent = sendLinks(ns, crawl, links)
local added, duplicates, over, hostFull, lanes, parked = addRequests(ns, crawl, own, parentKey, redisTime())
if parent ~= '' then
  if over > 0 then redis.call('HINCRBY', c, 'x:E_LIMIT', over) end
  if hostFull > 0 then redis.call('HINCRBY', c, 'x:E_HOST_LIMIT', hostFull) end
end
if block ~= '' and added + parked > 0 then keepSeeds(c, block, lanes, (added + parked) / (added + parked + duplicates + over + hostFull)) end
return { 'offered', added, duplicates, over, hostFull, parked, unpack(sent) }
