--[[
  Says how a login goes. It counts only from the newest who was allowed to log in, and changes nothing else.

  KEYS[1]  NS:c:CRAWL:sessions
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  name of the session
  ARGV[4]  its generation
  ARGV[5]  fence of the lease
  ARGV[6]  'goes-on', 'done' or 'failed'
  ARGV[7]  goes-on: the new lease (ms); failed: time until the next try (ms)
  ARGV[8]  failed logins after which none is tried for a while
  ARGV[9]  that while (ms)
  ARGV[10] why it failed, or ''
  Answers  1 if it counted, else 0
]]
--- include lua/clock.lua
local ns, crawl, name, gen, fence, what, ms = unpack(ARGV, 1, 7)
local mostFails, restMs, why = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local s = ns .. ':c:' .. crawl .. ':sessions'
local at = name .. ' '
if (redis.call('HGET', s, at .. 'gen') or '1') ~= gen or redis.call('HGET', s, at .. 'fence') ~= fence then return 0 end
if what == 'done' then
  redis.call('HINCRBY', s, at .. 'login', 1)
  redis.call('HDEL', s, at .. 'out', at .. 'fails', at .. 'why', at .. 'until')
elseif what == 'failed' then
  local fails = redis.call('HINCRBY', s, at .. 'fails', 1)
  local rest = fails >= mostFails and restMs or tonumber(ms)
  redis.call('HSET', s, at .. 'why', why, at .. 'until', redisTime() + rest)
  redis.call('HINCRBY', s, at .. 'fence', 1)
else
  redis.call('HSET', s, at .. 'until', redisTime() + tonumber(ms))
end
return 1
