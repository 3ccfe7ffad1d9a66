--[[
  Offers a batch of requests to a crawl, as a producer (no parent) or as the links of a page that is still open (a first part of
  very many: the rest rides with its commit). Atomic; the same batch again changes nothing.
    KEYS[1] NS:c:CRAWL
    ARGV    1 NS  2 crawl  3 parent id or ''  4 parent's claim  5 own key  6 list (see add.lua)
  Answers {1, added, duplicates, over the limit, over the limit of their host}, {0} when the parent is not open or taken over, {-1} when the crawl
  is unknown; to a producer {-2, waiting} when as many wait as may (maxFrontier), {-3} when the crawl is cancelled: nothing was added.
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/add.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local v = redis.call('HMGET', c, 'state', 'maxFrontier', 'accepted', 'recorded', 'refused', 'dead')
if not v[1] then return { -1 } end
if v[1] == 'cancelled' and ARGV[3] == '' then return { -3 } end
if ARGV[3] ~= '' then
  local open = redis.call('HGET', c .. ':open', ARGV[3])
  if not open or string.match(open, '^%d+') ~= ARGV[4] then return { 0 } end
end
if ARGV[3] == '' then
  local waiting = (tonumber(v[3]) or 0) - (tonumber(v[4]) or 0) - (tonumber(v[5]) or 0) - (tonumber(v[6]) or 0)
  if waiting >= (tonumber(v[2]) or math.huge) then return { -2, waiting } end
end
local added, duplicates, over, hostFull = addRequests(ns, crawl, ARGV[6], ARGV[5], redisTime())
if ARGV[3] ~= '' then
  if over > 0 then redis.call('HINCRBY', c, 'x:E_LIMIT', over) end
  if hostFull > 0 then redis.call('HINCRBY', c, 'x:E_HOST_LIMIT', hostFull) end
end
return { 1, added, duplicates, over, hostFull }
