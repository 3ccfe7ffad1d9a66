--[[
  Ends a crawl of which nothing is left: its producer may have died before it could leave. A crawl with parts
  on several shards ends by this alone (src/crawl/shards/end.ts).

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  epoch that home must still have, if all other parts have ended; '' if they have not. Without it
           and all that follows, the crawl has one part
  ARGV[4]  what the other parts have accepted
  ARGV[5]  … recorded
  ARGV[6]  … refused
  ARGV[7]  … and how many are dead
  Answers  1 if the crawl ended by this call, else 0
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
local ns, crawl, epoch = ARGV[1], ARGV[2], ARGV[3]
if not epoch then return finishIfDone(ns, crawl, redisTime()) end
local areDone = epoch ~= '' and redis.call('HGET', ns .. ':c:' .. crawl, 'epoch') == epoch
return finishIfDone(ns, crawl, redisTime(), {
  accepted = tonumber(ARGV[4]), recorded = tonumber(ARGV[5]), refused = tonumber(ARGV[6]), dead = tonumber(ARGV[7]), areDone = areDone,
})
