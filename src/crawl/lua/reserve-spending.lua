--[[
  Reserves what a page may cost, if the crawl's ceiling has room for it. What a process that dies has reserved
  stays counted, because the page may have been charged.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  the most that the page may cost, in millionths
  ARGV[4]  the ceiling of the crawl, in millionths
  Answers  1 if it is reserved, else 0
]]
local ns, crawl, most, ceiling = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local c = ns .. ':c:' .. crawl
if redis.call('EXISTS', c) == 0 then return 0 end
if tonumber(redis.call('HGET', c, 'spent') or 0) + most > ceiling then return 0 end
redis.call('HINCRBY', c, 'spent', most)
return 1
