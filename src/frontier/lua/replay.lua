--[[
  Replays dead letters. One step moves each from the failed set to the head of its lane, where dispatch finds
  it like any other request.

  KEYS[1]  NS:replay:RUN
  ARGV[1]  NS
  ARGV[2]  RUN or ''
  ARGV[3]  how many the run may have opened in all
  ARGV[4]  the phase in which the run must be
  ARGV[5]  how long the run holds the crawl open (lease, ms)
  ARGV[6]  the group in which the letters were found (index-dead.lua)
  ARGV[7]  and every sixth one after it: crawl of a letter
  ARGV[8]  …: id
  ARGV[9]  …: limiter key
  ARGV[10] …: priority
  ARGV[11] …: limits (`conc,max,dur,delay` or '')
  ARGV[12] …: lane entry
  Answers  for each letter 'opened'; 'later' (not in the failed set yet, or the run has opened enough); 'gone'
           (it is no longer a dead letter, and its remains are removed); or 'cancelled' (its crawl was
           cancelled)
]]
--- include lua/clock.lua
--- include politeness/lua/limiter/set-limits.lua
--- include frontier/lua/dead/unindex-dead.lua
--- include frontier/lua/dead/remove-failed.lua
--- include frontier/lua/crawl/wake-crawl.lua
--- include frontier/lua/crawl/note-priority.lua
local ns, run, most, phase, lease, group = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
local now = redisTime()
local opened = 0
local before = 0
if run ~= '' then
  local count, runPhase = unpack(redis.call('HMGET', ns .. ':replay:' .. run, 'opened', 'phase'))
  opened = tonumber(count) or 0
  before = opened
  if runPhase ~= phase then most = 0 end
end

local function openAgain(letter, dead)
  local crawl, key, priority = letter.crawl, letter.key, letter.priority
  local c = ns .. ':c:' .. crawl
  local claim, code = string.match(dead, '^(%d+)\31(%S+)')
  redis.call('HDEL', c .. ':dead', letter.id)
  redis.call('HSET', c .. ':replayed', letter.id, (tonumber(claim) + 1) .. '\31' .. run)
  redis.call('HSET', c, 'replayed', '1')
  redis.call('HINCRBY', c, 'dead', -1)
  if redis.call('HINCRBY', c, 'e:' .. code, -1) <= 0 then redis.call('HDEL', c, 'e:' .. code) end
  if letter.limits ~= '' then setLimits(ns, key, letter.limits) end
  redis.call('LPUSH', c .. ':l' .. priority .. ':' .. key, letter.entry)
  redis.call('ZADD', c .. ':due', 'NX', now, key)
  local state, priorities = unpack(redis.call('HMGET', c, 'state', 'priorities'))
  notePriority(c, priorities or '0', priority)
  wakeCrawl(ns, crawl, state)
  -- Until the run has ended, the crawl does not end, even if nothing of it waits.
  if run ~= '' then
    redis.call('ZADD', c .. ':producers', now + lease, 'replay-' .. run)
    redis.call('SADD', ns .. ':replay:' .. run .. ':crawls', crawl)
  end
end

local answers = {}
for i = 7, #ARGV, 6 do
  local letter = { crawl = ARGV[i], id = ARGV[i + 1], key = ARGV[i + 2], priority = ARGV[i + 3], limits = ARGV[i + 4], entry = ARGV[i + 5] }
  local c, job = ns .. ':c:' .. letter.crawl, letter.crawl .. '.' .. letter.id
  local dead = redis.call('HGET', c .. ':dead', letter.id)
  local isFailed = redis.call('ZSCORE', ns .. ':requests:failed', job)
  local answer
  if redis.call('HGET', c, 'state') == 'cancelled' then
    answer = 'cancelled'
  elseif not dead then
    answer = 'gone'
    unindexDead(ns, group, job)
    -- The job of an open request belongs to that request. A request in a lane gets a new job.
    if isFailed and redis.call('HEXISTS', c .. ':open', letter.id) == 0 then removeFailed(ns, job) end
  elseif not isFailed or opened >= most then
    answer = 'later'
  else
    answer = 'opened'
    opened = opened + 1
    removeFailed(ns, job)
    unindexDead(ns, group, job)
    openAgain(letter, dead)
  end
  answers[#answers + 1] = answer
end
if opened > before and run ~= '' then redis.call('HSET', ns .. ':replay:' .. run, 'opened', opened) end
return answers
