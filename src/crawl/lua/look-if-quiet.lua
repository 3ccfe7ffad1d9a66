--[[
  Whether nothing of the part of a crawl at home is left: no request waits, no link is on its way, nobody
  holds the crawl open.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  its epoch, or '' when something is left, or the crawl does not run
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/waiting-of.lua
--- include frontier/lua/crawl/left-of.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local accepted, recorded, refused, dead, state, linksOut, parked, epoch =
  unpack(redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead', 'state', 'out', 'parked', 'epoch'))
if state ~= 'running' or waitingOf(accepted, recorded, refused, dead) > 0 then return '' end
if (linksOut and linksOut ~= '0') or (parked and parked ~= '0') or isHeld(c, redisTime()) then return '' end
return epoch or '0'
