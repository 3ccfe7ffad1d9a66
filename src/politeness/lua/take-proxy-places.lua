--[[
  Takes places at proxies for fetches of one consumer. If one gets none, the consumer is noted as waiting: a
  place that comes free is kept for each consumer that has waited longer.

  KEYS[1]  NS:proxy:PROXY:s of one of the proxies
  ARGV[1]  NS
  ARGV[2]  the consumer
  ARGV[3]  how many places a proxy has
  ARGV[4]  lease of a place (ms)
  ARGV[5]  for how long it counts as waiting unless it asks again (ms)
  ARGV[6]  and so on, for each fetch: the name of its place, N, and N proxies, the best first
  Answers  for each fetch at which of its proxies it has a place, from 1; 0 for none
]]
--- include lua/clock.lua
--- include lua/clamp-leases.lua
--- include politeness/lua/limiter/key-event.lua
--- include politeness/lua/proxy/waiting-at-proxy.lua
--- include politeness/lua/slots/hold-slots.lua
local ns, consumer, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease, patience = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = redisTime()
local isFull = {}

local function enter(name, holder)
  local proxy = ns .. ':proxy:' .. name
  if redis.call('ZSCORE', proxy .. ':s', holder) then return true end -- the call is sent a second time
  redis.call('ZREMRANGEBYSCORE', proxy .. ':s', '-inf', now)
  clampLeases(proxy .. ':s', now, 2 * lease, lease)
  local waiting = waitingAtProxy(proxy, now)
  local ahead, nextOther = 0, nil
  for i, who in ipairs(waiting) do
    if who == consumer then break end
    ahead, nextOther = i, nextOther or who
  end
  local taken = redis.call('ZCARD', proxy .. ':s')
  if taken + ahead >= most then return false end
  if not nextOther then nextOther = waiting[1] ~= consumer and waiting[1] or waiting[2] end
  if nextOther and taken + 1 < most then tellOfKey(ns, 'proxy', 0, nextOther .. ' ' .. name) end
  holdSlots(proxy, { holder }, now + lease, lease)
  redis.call('HDEL', proxy .. ':q', consumer)
  return true
end

local function wait(name)
  local proxy = ns .. ':proxy:' .. name
  local _, since = waitingAtProxy(proxy, now)
  redis.call('HSET', proxy .. ':q', consumer, (since[consumer] or now) .. ' ' .. now + patience)
  redis.call('PEXPIRE', proxy .. ':q', 2 * patience)
end

local out, i = {}, 6
while i <= #ARGV do
  local holder, count, found = ARGV[i], tonumber(ARGV[i + 1]), 0
  for at = 1, count do
    local name = ARGV[i + 1 + at]
    if not isFull[name] then
      if enter(name, holder) then
        found = at
        break
      end
      isFull[name] = true
    end
  end
  if found == 0 then wait(ARGV[i + 2]) end
  out[#out + 1] = found
  i = i + 2 + count
end
return out
