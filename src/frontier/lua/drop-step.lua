--[[
  Drops a piece of what a cancelled crawl had waiting: some lanes, some of the seen set. Of any other crawl
  nothing. The due set names every host whose lane holds something, and `buckets` counts the seen set's: both
  shrink along with what they stand for, so that they always say what is left.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  1 if something is left to drop, else 0
]]
--- include frontier/lua/dead/tell-replay.lua
-- A step takes some milliseconds at most.
local HOSTS_A_STEP = 200
local BUCKETS_A_STEP = 500
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local state, priorities, bucketCount = unpack(redis.call('HMGET', c, 'state', 'priorities', 'buckets'))
if state ~= 'cancelled' then return 0 end

local hosts = redis.call('ZRANGE', c .. ':due', 0, HOSTS_A_STEP - 1)
for _, host in ipairs(hosts) do
  for priority in string.gmatch(priorities or '0', '%d') do redis.call('UNLINK', c .. ':l' .. priority .. ':' .. host) end
end
if #hosts > 0 then redis.call('ZREM', c .. ':due', unpack(hosts)) end

-- Runs of replays hear that what they had in its lanes is not fetched; what is open ends in its own way.
local replayed = redis.call('HGETALL', c .. ':replayed')
for i = 1, #replayed, 2 do
  local id, entry = replayed[i], replayed[i + 1]
  if redis.call('HEXISTS', c .. ':open', id) == 0 then
    tellReplay(ns, entry, 'refused')
    redis.call('HDEL', c .. ':replayed', id)
  end
end

local buckets = tonumber(bucketCount) or 0
local left = math.max(0, buckets - BUCKETS_A_STEP)
local dropped = {}
for bucket = left, buckets - 1 do dropped[#dropped + 1] = c .. ':s:' .. bucket end
redis.call('UNLINK', c .. ':accepts', unpack(dropped))
if buckets > 0 then redis.call('HSET', c, 'buckets', left) end
return (left > 0 or redis.call('EXISTS', c .. ':due') == 1) and 1 or 0
