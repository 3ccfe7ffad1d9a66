--[[
  Appends the seeds that a crawl has kept on a shard that goes. A mark says that it is done: to do it again
  changes nothing. If the seeds of one of them are not all kept, none are.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  number of the shard that goes
  ARGV[4]  1 if it has kept all of its seeds, else 0
  ARGV[5]  its seeds (frontier/lua/seeds/keep-seeds.lua)
  Answers  1 if they were appended by this call, else 0

  NS:reshard (HASH) of a shard: CRAWL US SHARD of seeds that it has got
]]
local ns, crawl, from, keeps, seeds = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local c = ns .. ':c:' .. crawl
local own, former, state = unpack(redis.call('HMGET', c, 'keepSeeds', 'former', 'state'))
if not state or redis.call('HSETNX', ns .. ':reshard', crawl .. '\31' .. from, 1) == 0 then return 0 end
if not keeps and own and own ~= '0' then
  redis.call('HSET', c, 'keepSeeds', 0)
  if not former then redis.call('UNLINK', c .. ':seeds') end
  own = '0'
end
if seeds ~= '' and (former or (own and own ~= '0')) then redis.call('APPEND', c .. ':seeds', seeds) end
return 1
