--[[
  Counts something of a crawl on which nothing depends. A crawl that has been forgotten meanwhile stays gone.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  field
  ARGV[4]  how many more
  Answers  1
]]
local ns, crawl, field, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local c = ns .. ':c:' .. crawl
if redis.call('EXISTS', c) == 1 then redis.call('HINCRBY', c, field, count) end
return 1
