--[[
  A page was fetched and shows that its session is logged out. Of all pages that were fetched after the same
  login, only the first to say so counts. A login after which no page was seen logged in has been in vain;
  after some of these, no other is tried for a while.

  KEYS[1]  NS:c:CRAWL:sessions
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  name of the session
  ARGV[4]  its generation
  ARGV[5]  the number of logins when the page was fetched
  ARGV[6]  logins in vain, and failed ones, after which none is tried for a while
  ARGV[7]  that while (ms)
  ARGV[8]  why none is tried then
  Answers  1 if it counted, else 0
]]
--- include lua/clock.lua
local ns, crawl, name, gen, login, most, restMs, why = unpack(ARGV, 1, 8)
local s = ns .. ':c:' .. crawl .. ':sessions'
local at = name .. ' '
if (redis.call('HGET', s, at .. 'gen') or '1') ~= gen or redis.call('HGET', s, at .. 'login') ~= login then return 0 end
if redis.call('HSETNX', s, at .. 'out', 1) == 0 then return 0 end
if redis.call('HGET', s, at .. 'proved') == login then
  redis.call('HDEL', s, at .. 'vain')
elseif redis.call('HINCRBY', s, at .. 'vain', 1) >= tonumber(most) then
  redis.call('HDEL', s, at .. 'vain')
  redis.call('HSET', s, at .. 'fails', most, at .. 'why', why, at .. 'until', redisTime() + tonumber(restMs))
end
return 1
