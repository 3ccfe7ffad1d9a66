--[[
  Links that were sent to other shards have arrived there: they leave the outbox. Ends the part of a crawl of
  which nothing is left. To do it again changes nothing.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  and every third one after it: shard to which they were sent
  ARGV[3]  …: id in the outbox
  ARGV[4]  …: crawl
  Answers  how many left it by this call
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
local ns = ARGV[1]
local now = redisTime()
local count, crawls = 0, {}
for i = 2, #ARGV, 3 do
  local shard, id, crawl = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('XDEL', ns .. ':out:' .. shard, id) == 1 then
    count = count + 1
    crawls[crawl] = (crawls[crawl] or 0) + 1
  end
end
for crawl, arrived in pairs(crawls) do
  -- A crawl that was forgotten meanwhile stays gone.
  if redis.call('HEXISTS', ns .. ':c:' .. crawl, 'out') == 1 then
    redis.call('HINCRBY', ns .. ':c:' .. crawl, 'out', -arrived)
    finishIfDone(ns, crawl, now)
  end
end
return count
