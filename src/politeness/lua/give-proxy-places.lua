--[[
  Gives places at proxies back. Of those that wait for one, the consumer that has waited longest hears of it.

  KEYS[1]  NS:proxy:PROXY:s of one of the proxies
  ARGV[1]  NS
  ARGV[2]  the consumer
  ARGV[3]  and every second one after it: proxy
  ARGV[4]  …: the name of the place; '' for none: the consumer waits there no longer
  Answers  1
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/key-event.lua
--- include politeness/lua/proxy/waiting-at-proxy.lua
local ns, consumer = ARGV[1], ARGV[2]
local now = redisTime()
for i = 3, #ARGV, 2 do
  local name, holder = ARGV[i], ARGV[i + 1]
  local proxy = ns .. ':proxy:' .. name
  local waiting = waitingAtProxy(proxy, now)
  local first = waiting[1]
  if holder == '' and first == consumer then first = waiting[2] end
  if first then tellOfKey(ns, 'proxy', 0, first .. ' ' .. name) end
  if holder == '' then
    redis.call('HDEL', proxy .. ':q', consumer)
  else
    redis.call('ZREM', proxy .. ':s', holder)
  end
end
return 1
