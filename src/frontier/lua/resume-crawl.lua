--[[
  Lets a paused crawl go on, or finishes it if nothing of it is left. In any other state it stays as it is. To
  do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  {state now ('' when there is no such crawl), 1 if this call changed it, requests in its lanes}
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/finish.lua
--- include frontier/lua/crawl/describe-steered.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local before = redis.call('HGET', c, 'state') or ''
local state = before
if before == 'paused' then
  redis.call('HSET', c, 'state', 'running')
  redis.call('ZADD', ns .. ':active', 0, crawl)
  state = finishIfDone(ns, crawl, redisTime()) == 1 and 'finished' or 'running'
end
return describeSteered(c, before, state)
