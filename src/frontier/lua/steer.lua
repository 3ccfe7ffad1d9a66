--[[
  Steers a crawl from one state to another, and drops, step by step, what a cancelled one had waiting.
    KEYS[1] NS:c:CRAWL
    ARGV    1 NS  2 crawl  3 pause, resume, cancel or drop
  Answers {state now ('' when there is no such crawl), 1 if this call changed it, requests in its lanes}; a drop: {state, 1 if something is
  left to drop, 0}. A state that does not fit is left as it is. Any of them again changes nothing.
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/finish.lua
-- A step of the drop takes some milliseconds at most.
local HOSTS_A_STEP = 200
local BUCKETS_A_STEP = 500
local ns, crawl, action = ARGV[1], ARGV[2], ARGV[3]
local c = ns .. ':c:' .. crawl
local state = redis.call('HGET', c, 'state') or ''

-- Runs of replays hear that what they had in its lanes is not fetched; what is open ends in its own way.
local function dropReplays()
  local replayed = redis.call('HGETALL', c .. ':replayed')
  for i = 1, #replayed, 2 do
    if redis.call('HEXISTS', c .. ':open', replayed[i]) == 0 then
      local run = ns .. ':replay:' .. string.match(replayed[i + 1], '\31(.*)$')
      if redis.call('EXISTS', run) == 1 then redis.call('HINCRBY', run, 'refused', 1) end
      redis.call('HDEL', c .. ':replayed', replayed[i])
    end
  end
end

--[[
  The due set names every host whose lane holds something, and `buckets` counts the seen set's: both shrink along with what they
  stand for, so that they always say what is left.
]]
local function dropStep()
  local v = redis.call('HMGET', c, 'priorities', 'buckets')
  local priorities, buckets = v[1] or '0', tonumber(v[2]) or 0
  local hosts = redis.call('ZRANGE', c .. ':due', 0, HOSTS_A_STEP - 1)
  for _, host in ipairs(hosts) do
    for priority in string.gmatch(priorities, '%d') do redis.call('UNLINK', c .. ':l' .. priority .. ':' .. host) end
  end
  if #hosts > 0 then redis.call('ZREM', c .. ':due', unpack(hosts)) end
  dropReplays()
  local left = math.max(0, buckets - BUCKETS_A_STEP)
  local dropped = {}
  for bucket = left, buckets - 1 do dropped[#dropped + 1] = c .. ':s:' .. bucket end
  redis.call('UNLINK', c .. ':accepts', unpack(dropped))
  if buckets > 0 then redis.call('HSET', c, 'buckets', left) end
  return (left > 0 or redis.call('EXISTS', c .. ':due') == 1) and 1 or 0
end

if action == 'drop' then return { state, state == 'cancelled' and dropStep() or 0, 0 } end

local before = state
if action == 'pause' and state == 'running' then
  state = 'paused'
  redis.call('HSET', c, 'state', state)
  redis.call('ZREM', ns .. ':active', crawl)
elseif action == 'resume' and state == 'paused' then
  state = 'running'
  redis.call('HSET', c, 'state', state)
  redis.call('ZADD', ns .. ':active', 0, crawl)
  if finishIfDone(ns, crawl, redisTime()) == 1 then state = 'finished' end
elseif action == 'cancel' and (state == 'running' or state == 'paused') then
  state = 'cancelled'
  redis.call('HSET', c, 'state', state)
  redis.call('ZREM', ns .. ':active', crawl)
  if redis.call('HEXISTS', c, 'webhook') == 1 then tell(ns, crawl, 'crawl.cancelled', redisTime()) end
end
local n = redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead')
local waiting = (tonumber(n[1]) or 0) - (tonumber(n[2]) or 0) - (tonumber(n[3]) or 0) - (tonumber(n[4]) or 0)
return { state, state ~= before and 1 or 0, waiting - redis.call('HLEN', c .. ':open') }
