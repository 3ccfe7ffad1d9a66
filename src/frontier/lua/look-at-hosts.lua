--[[
  The state of limiter keys: what they are allowed, why, and what they do. Changes
  nothing, unless the clock of Redis has gone back (end-jump-back.lua).

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  the newest crawls, as home lists them (US between two of them); '' at home itself
  ARGV[3]  and all after it: limiter keys (some hundreds at most)
  Answers  JSON: an array of `HostState` (src/frontier/hosts.ts), one for each key; times in milliseconds,
           null where there is nothing to say
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/read-crawl.lua
--- include politeness/lua/gate/describe-gate.lua
-- Of all crawls, only this many of the newest are read.
local MOST_CRAWLS = 100
local ns = ARGV[1]
local now = redisTime()
local crawls = {}
local newest = {}
for crawl in string.gmatch(ARGV[2], '[^\31]+') do newest[#newest + 1] = crawl end
if #newest == 0 then newest = redis.call('ZREVRANGE', ns .. ':crawls', 0, MOST_CRAWLS - 1) end
for _, crawl in ipairs(newest) do
  local c = ns .. ':c:' .. crawl
  local info = readCrawl(c)
  info.c = c
  if info.state == 'running' or info.state == 'paused' then crawls[#crawls + 1] = info end
end
-- When no crawl has requests for the key, the defaults of a crawl that does not exist are shown.
local nobody = ''
local fallback = readCrawl(ns .. ':c:' .. nobody)
local out = {}
for i = 3, #ARGV do
  local key = ARGV[i]
  local waiting, open, whose = 0, 0, nil
  for _, crawl in ipairs(crawls) do
    local c = crawl.c
    local here = tonumber(redis.call('HGET', c .. ':n', key)) or 0
    open = open + here
    for priority in string.gmatch(crawl.priorities, '%d') do
      local length = redis.call('LLEN', c .. ':l' .. priority .. ':' .. key)
      waiting = waiting + length
      here = here + length
    end
    if here > 0 and not whose then whose = crawl end
  end
  local state = describeGate(ns, key, whose or crawls[1] or fallback, now)
  state.waiting = waiting
  state.open = open
  out[#out + 1] = state
end
return #out == 0 and '[]' or cjson.encode(out)
