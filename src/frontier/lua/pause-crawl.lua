--[[
  Pauses a running crawl: dispatch no longer looks at it. In any other state it stays as it is. To do it again
  changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  {state now ('' when there is no such crawl), 1 if this call changed it, requests in its lanes}
]]
--- include frontier/lua/crawl/describe-steered.lua
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local before = redis.call('HGET', c, 'state') or ''
local state = before
if before == 'running' then
  state = 'paused'
  redis.call('HSET', c, 'state', state)
  redis.call('ZREM', ns .. ':active', crawl)
end
return describeSteered(c, before, state)
