--[[
  Adds links that pages of other shards led to. To do it again changes nothing.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  and every second one after it: crawl
  ARGV[3]  …: list of its links (lane/add.lua), each with its key
  Answers  for each how many requests of the crawl are parked here (lane/add.lua), or -1 when it has no part
           here
]]
--- include lua/clock.lua
--- include frontier/lua/lane/add.lua
local ns = ARGV[1]
local now = redisTime()
local answers = {}
for i = 2, #ARGV, 2 do
  local crawl, list = ARGV[i], ARGV[i + 1]
  local c = ns .. ':c:' .. crawl
  if redis.call('HEXISTS', c, 'state') == 0 then
    answers[#answers + 1] = -1
  else
    local _, _, over, hostFull, _, parked = addRequests(ns, crawl, list, '', now)
    if over > 0 then redis.call('HINCRBY', c, 'x:E_LIMIT', over) end
    if hostFull > 0 then redis.call('HINCRBY', c, 'x:E_HOST_LIMIT', hostFull) end
    answers[#answers + 1] = parked
  end
end
return answers
