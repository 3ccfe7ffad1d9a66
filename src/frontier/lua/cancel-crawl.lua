--[[
  Cancels a running or paused crawl; drop-step.lua then drops what it has waiting. In any other state the
  crawl stays as it is. To do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  {state now ('' when there is no such crawl), 1 if this call changed it, requests in its lanes}
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/tell.lua
--- include frontier/lua/crawl/describe-steered.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local before, part = unpack(redis.call('HMGET', c, 'state', 'part'))
before = before or ''
local state = before
if before == 'running' or before == 'paused' or (part and before == 'finished') then
  state = 'cancelled'
  redis.call('HSET', c, 'state', state, 'cancelledAt', redisTime())
  redis.call('ZREM', ns .. ':active', crawl)
  if redis.call('HEXISTS', c, 'webhook') == 1 then tell(ns, crawl, 'crawl.cancelled', redisTime()) end
end
return describeSteered(c, before, state)
