--[[
  A page was seen that was fetched after this login and is no login page.

  KEYS[1]  NS:c:CRAWL:sessions
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  name of the session
  ARGV[4]  its generation
  ARGV[5]  the number of its logins when the page was fetched
  Answers  1
]]
local ns, crawl, name, gen, login = unpack(ARGV, 1, 5)
local s = ns .. ':c:' .. crawl .. ':sessions'
if (redis.call('HGET', s, name .. ' gen') or '1') == gen and redis.call('HGET', s, name .. ' login') == login then
  redis.call('HSET', s, name .. ' proved', login)
end
return 1
