--[[
  Something of a crawl waits (again) on another shard, or soon will: if the crawl had finished, it runs again,
  and whoever looks at this moment whether it has ended finds another epoch.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  the state of the crawl; '' when there is no such crawl
]]
--- include frontier/lua/crawl/wake-crawl.lua
local ns, crawl = ARGV[1], ARGV[2]
local state = redis.call('HGET', ns .. ':c:' .. crawl, 'state')
if not state then return '' end
if state ~= 'finished' then
  redis.call('HINCRBY', ns .. ':c:' .. crawl, 'epoch', 1)
  return state
end
wakeCrawl(ns, crawl, state)
return 'running'
