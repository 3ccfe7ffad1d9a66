--[[
  Replays dead letters: each goes, in this one step, from the failed set to the head of its lane, where turns find it like any request.
    KEYS[1] NS:replay:RUN
    ARGV    1 NS  2 RUN or ''  3 how many the run may have opened in all  4 phase in which it is meant  5 how long the crawl counts as held
            open (lease, ms)  6 the group in which they were found (dead-index.lua), then six each: crawl, id, limiter key, priority,
            limits (`conc,max,dur,delay` or ''), lane entry
  Keys: NS:c:CRAWL:replayed (HASH) id to CLAIM US RUN, until the request ends: dispatch.lua and commit.lua read it
  Answers per letter 1 (replayed), 0 (not in the failed set yet, or the run has opened enough: ask again), -1 (it is none any more; what was left of it
  is removed), -2 (its crawl was cancelled)
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/dead-index.lua
--- include frontier/lua/limits.lua
local ns, run, most, phase, lease, group = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
local now = redisTime()
local opened = 0
local before = 0
if run ~= '' then
  local v = redis.call('HMGET', KEYS[1], 'opened', 'phase')
  opened = tonumber(v[1]) or 0
  before = opened
  if v[2] ~= phase then most = 0 end
end

local function openAgain(crawl, c, id, dead, key, priority, limits, entry)
  local claim, code = string.match(dead, '^(%d+)\31(%S+)')
  redis.call('HDEL', c .. ':dead', id)
  redis.call('HSET', c .. ':replayed', id, (tonumber(claim) + 1) .. '\31' .. run)
  redis.call('HSET', c, 'replayed', '1')
  redis.call('HINCRBY', c, 'dead', -1)
  if redis.call('HINCRBY', c, 'e:' .. code, -1) <= 0 then redis.call('HDEL', c, 'e:' .. code) end
  if limits ~= '' then setLimits(ns, key, limits) end
  redis.call('LPUSH', c .. ':l' .. priority .. ':' .. key, entry)
  redis.call('ZADD', c .. ':due', 'NX', now, key)
  local v = redis.call('HMGET', c, 'state', 'priorities')
  if not string.find(v[2] or '0', priority, 1, true) then redis.call('HSET', c, 'priorities', (v[2] or '0') .. priority) end
  if v[1] == 'finished' then redis.call('HSET', c, 'state', 'running') end
  if v[1] ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
  -- Until the run is through, the crawl is not at its end though nothing of it may wait.
  if run ~= '' then redis.call('ZADD', c .. ':producers', now + lease, 'replay-' .. run) end
end

local answers = {}
for i = 7, #ARGV, 6 do
  local crawl, id = ARGV[i], ARGV[i + 1]
  local c, job = ns .. ':c:' .. crawl, crawl .. '.' .. id
  local dead = redis.call('HGET', c .. ':dead', id)
  local isFailed = redis.call('ZSCORE', ns .. ':requests:failed', job)
  local answer
  if redis.call('HGET', c, 'state') == 'cancelled' then
    answer = -2
  elseif not dead then
    answer = -1
    unindexDead(ns, group, job)
    -- The job of a request that is open belongs to that; what is waiting in a lane makes its own.
    if isFailed and redis.call('HEXISTS', c .. ':open', id) == 0 then removeFailed(ns, job) end
  elseif not isFailed or opened >= most then
    answer = 0
  else
    answer = 1
    opened = opened + 1
    removeFailed(ns, job)
    unindexDead(ns, group, job)
    openAgain(crawl, c, id, dead, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
    if run ~= '' then redis.call('SADD', KEYS[1] .. ':crawls', crawl) end
  end
  answers[#answers + 1] = answer
end
if opened > before and run ~= '' then redis.call('HSET', KEYS[1], 'opened', opened) end
return answers
