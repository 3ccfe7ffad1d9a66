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
local before, part = unpack(redis.call('HMGET', c, 'state', 'part'))
before = before or ''
local state = before
-- A part on another shard than home has nothing waiting when it is finished; links may still come.
if before == 'running' or (part and before == 'finished') then
  state = 'paused'
  redis.call('HSET', c, 'state', state)
  redis.call('ZREM', ns .. ':active', crawl)
  -- Links may come and be done before whoever looks whether all has ended sees that it was paused.
  if before == 'finished' then redis.call('HINCRBY', c, 'epoch', 1) end
end
return describeSteered(c, before, state)
