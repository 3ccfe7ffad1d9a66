--[[
  Retires a session, if it is still of this generation.

  KEYS[1]  NS:c:CRAWL:sessions
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  name of the session
  ARGV[4]  the generation
  Answers  1 if this call retired it, else 0
]]
--- include sessions/lua/state/retire.lua
local ns, crawl, name, gen = unpack(ARGV, 1, 4)
local c = ns .. ':c:' .. crawl
if redis.call('EXISTS', c) == 0 then return 0 end
if (redis.call('HGET', c .. ':sessions', name .. ' gen') or '1') ~= gen then return 0 end
retireSession(c, name, tonumber(gen))
return 1
