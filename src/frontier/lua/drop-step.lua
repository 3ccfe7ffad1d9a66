--[[
  Drops one piece of what a cancelled crawl had: some lanes, some of the seen set, and some jars of cookies.
  Of any other crawl it drops nothing. The due set names each host whose lane holds something, and `buckets`
  counts the buckets of the seen set. Both shrink with every step, so they always tell what is left.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  Answers  1 if something is left to drop, else 0
]]
--- include frontier/lua/dead/tell-replay.lua
-- One step takes a few milliseconds at most.
local HOSTS_A_STEP = 200
local BUCKETS_A_STEP = 500
local JARS_A_STEP = 200
local ns, crawl = ARGV[1], ARGV[2]
local c = ns .. ':c:' .. crawl
local state, priorities, bucketCount = unpack(redis.call('HMGET', c, 'state', 'priorities', 'buckets'))
if state ~= 'cancelled' then return 0 end

local hosts = redis.call('ZRANGE', c .. ':due', 0, HOSTS_A_STEP - 1)
for _, host in ipairs(hosts) do
  for priority in string.gmatch(priorities or '0', '%d') do redis.call('UNLINK', c .. ':l' .. priority .. ':' .. host) end
end
if #hosts > 0 then redis.call('ZREM', c .. ':due', unpack(hosts)) end

-- Runs of replays learn that their requests in the lanes will not be fetched. Open requests end in their own
-- way.
local replayed = redis.call('HGETALL', c .. ':replayed')
for i = 1, #replayed, 2 do
  local id, entry = replayed[i], replayed[i + 1]
  if redis.call('HEXISTS', c .. ':open', id) == 0 then
    tellReplay(ns, entry, 'refused')
    redis.call('HDEL', c .. ':replayed', id)
  end
end

-- No cookie is kept for a cancelled crawl (src/cookies/lua/store-cookies.lua).
local jars = redis.call('ZRANGE', c .. ':jars', 0, JARS_A_STEP - 1)
for _, jar in ipairs(jars) do redis.call('UNLINK', c .. ':jar:' .. jar) end
if #jars > 0 then redis.call('ZREM', c .. ':jars', unpack(jars)) end

local buckets = tonumber(bucketCount) or 0
local left = math.max(0, buckets - BUCKETS_A_STEP)
local dropped = {}
for bucket = left, buckets - 1 do dropped[#dropped + 1] = c .. ':s:' .. bucket end
redis.call('UNLINK', c .. ':accepts', c .. ':parked', unpack(dropped))
redis.call('HDEL', c, 'parked')
if buckets > 0 then redis.call('HSET', c, 'buckets', left) end
return (left > 0 or redis.call('EXISTS', c .. ':due', c .. ':jars') > 0) and 1 or 0
