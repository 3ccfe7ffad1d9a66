--[[
  Offers a batch of requests to a crawl, as a producer (no parent) or as the links of a page that is still open (a first part of
  very many: the rest rides with its commit). Atomic; the same batch again changes nothing.
    KEYS[1] NS:c:CRAWL
    ARGV    1 NS  2 crawl  3 parent id or ''  4 parent's take  5 own key  6 list (see add.lua)
  Answers {1, added, duplicates, over the limit}, {0} when the parent is not open or taken over, {-1} when the crawl is cancelled or unknown.
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/add.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local state = redis.call('HGET', c, 'state')
if not state or state == 'cancelled' then return { -1 } end
if ARGV[3] ~= '' then
  local open = redis.call('HGET', c .. ':open', ARGV[3])
  if not open or string.match(open, '^%d+') ~= ARGV[4] then return { 0 } end
end
local added, duplicates, over = addRequests(ns, crawl, ARGV[6], ARGV[5], redisTime())
return { 1, added, duplicates, over }
