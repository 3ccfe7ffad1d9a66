--[[
  Notes at home what the parts of a crawl have accepted, which has got a limit after it began. From now on
  home can grant. To do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  and every second one after it: shard of a part
  ARGV[4]  …: what it has been granted, as it knows (crawl/lua/begin/store-settings.lua)
  Answers  1
]]
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
if redis.call('HEXISTS', c, 'state') == 0 then return 1 end
local sum = 0
for i = 3, #ARGV, 2 do
  local field = 'g:' .. ARGV[i]
  local granted = math.max(tonumber(ARGV[i + 1]), tonumber(redis.call('HGET', c, field)) or 0)
  redis.call('HSET', c, field, granted)
  sum = sum + granted
end
redis.call('HSET', c, 'grantedSum', sum, 'counted', '1')
return 1
