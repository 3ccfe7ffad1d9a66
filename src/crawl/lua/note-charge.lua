--[[
  Notes what a page was charged, in place of what was reserved for it.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  what was reserved, in millionths
  ARGV[4]  what was charged, in millionths
  ARGV[5]  its currency
  Answers  1
]]
local ns, crawl, reserved, charged, currency = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local c = ns .. ':c:' .. crawl
if redis.call('EXISTS', c) == 0 then return 1 end
redis.call('HINCRBY', c, 'spent', charged - reserved)
if charged > 0 then
  redis.call('HINCRBY', c, 'charged', charged)
  redis.call('HSET', c, 'chargedIn', currency)
end
return 1
