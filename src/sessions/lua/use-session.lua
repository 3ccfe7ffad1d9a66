--[[
  A page is about to be fetched in a session. After so many uses, the next generation of the session takes its
  place. When the session is to be logged in and is not, the caller does it, or waits for whoever does.

  KEYS[1]  NS:c:CRAWL:sessions
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  name of the session; '' when all of the crawl is one session
  ARGV[4]  uses of a generation, 0 for any number
  ARGV[5]  for how long the caller may log in before another does (ms), 0 when nobody logs in
  ARGV[6]  failed logins after which none is tried for a while
  Answers  {'ready', generation, number of its logins}; {'login', generation, fence of the lease}; {'wait',
           generation, ms}; {'failed', generation, why}; or {'ended', 0, ''}: there is no such crawl

  NS:c:CRAWL:sessions (HASH) `NAME gen` and so on: gen, uses, login (logins that were done), out (it was
  logged out since), fails, why, until (nobody else logs in before, ms), fence; vain and proved are those of
  note-logged-out.lua
]]
--- include lua/clock.lua
--- include sessions/lua/state/retire.lua
local ns, crawl, name = ARGV[1], ARGV[2], ARGV[3]
local mostUses, lease, mostFails = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local c = ns .. ':c:' .. crawl
local s = c .. ':sessions'
if redis.call('EXISTS', c) == 0 then return { 'ended', 0, '' } end
local function read(field) return redis.call('HGET', s, name .. ' ' .. field) end

local gen = tonumber(read('gen')) or 1
if mostUses > 0 and (tonumber(read('uses')) or 0) >= mostUses then gen = retireSession(c, name, gen) end
local login = tonumber(read('login')) or 0
if lease > 0 and (login == 0 or read('out')) then
  local now, till = redisTime(), tonumber(read('until')) or 0
  local fails = tonumber(read('fails')) or 0
  if till > now then
    if fails >= mostFails then return { 'failed', gen, read('why') or '' } end
    return { 'wait', gen, till - now }
  end
  if fails >= mostFails then redis.call('HDEL', s, name .. ' fails') end
  redis.call('HSET', s, name .. ' until', now + lease)
  return { 'login', gen, redis.call('HINCRBY', s, name .. ' fence', 1) }
end
redis.call('HINCRBY', s, name .. ' uses', 1)
return { 'ready', gen, login }
