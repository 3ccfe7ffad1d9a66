--[[
  Something of a crawl waits (again) on another shard: if the crawl had finished, it runs again. To do it
  again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  the state of the crawl; '' when there is no such crawl
]]
--- include frontier/lua/crawl/wake-crawl.lua
local ns, crawl = ARGV[1], ARGV[2]
local state = redis.call('HGET', ns .. ':c:' .. crawl, 'state')
if not state then return '' end
if state ~= 'finished' then return state end
wakeCrawl(ns, crawl, state)
return 'running'
