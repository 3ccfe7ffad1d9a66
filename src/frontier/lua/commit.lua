--[[
  Ends requests, many in one call: for each, if it is open and its claim is the newest, its links are added, the counters moved and
  it is closed. All of that or nothing, so that doing it again, or too late, changes nothing.
    KEYS[1] any key of the namespace
    ARGV    1 NS, then per request twelve: crawl, id, claim, kind (recorded, refused, dead), limiter key, status or '', error code or '',
            bytes, reason of a dead one or '', list of links (see add.lua), links left out as `CODE COUNT;`…, host of a dead one
  Answers per request 1 (done), 0 (it had ended before), -1 (taken over by another).
]]
--- include politeness/lua/gate.lua
--- include frontier/lua/add.lua
--- include frontier/lua/finish.lua
--- include frontier/lua/dead-index.lua
local ns = ARGV[1]
local now = redisTime()
local answers, tallies, replayed = {}, {}, {}

-- A request that a replay brought back: its run hears how it ended.
local function endReplay(crawl, c, id, kind)
  if replayed[crawl] == nil then replayed[crawl] = redis.call('HGET', c, 'replayed') == '1' end
  local entry = replayed[crawl] and redis.call('HGET', c .. ':replayed', id)
  if not entry then return end
  redis.call('HDEL', c .. ':replayed', id)
  local run = ns .. ':replay:' .. string.match(entry, '\31(.*)$')
  if redis.call('EXISTS', run) == 1 then redis.call('HINCRBY', run, kind, 1) end
end

for i = 2, #ARGV, 12 do
  local crawl, id, claim, kind, key = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local c = ns .. ':c:' .. crawl
  local open = redis.call('HGET', c .. ':open', id)
  if not open then
    answers[#answers + 1] = 0
  elseif string.match(open, '^%d+') ~= claim then
    answers[#answers + 1] = -1
  else
    local status, code, bytes, reason, list = ARGV[i + 5], ARGV[i + 6], tonumber(ARGV[i + 7]), ARGV[i + 8], ARGV[i + 9]
    local over, hostFull = 0, 0
    if list ~= '' then
      local _
      _, _, over, hostFull = addRequests(ns, crawl, list, key, now)
    end
    redis.call('HDEL', c .. ':open', id)
    if redis.call('HINCRBY', c .. ':n', key, -1) <= 0 then redis.call('HDEL', c .. ':n', key) end
    if kind == 'dead' then
      redis.call('HSET', c .. ':dead', id, claim .. '\31' .. reason)
      indexDead(ns, code .. '\31' .. ARGV[i + 11], crawl .. '.' .. id, now)
    end
    endReplay(crawl, c, id, kind)
    local tally = tallies[crawl]
    if not tally then
      tally = {}
      tallies[crawl] = tally
    end
    tally[kind] = (tally[kind] or 0) + 1
    if bytes > 0 then tally.bytes = (tally.bytes or 0) + bytes end
    if status ~= '' then tally['s:' .. status] = (tally['s:' .. status] or 0) + 1 end
    if code ~= '' then
      local field = (kind == 'refused' and 'r:' or 'e:') .. code
      tally[field] = (tally[field] or 0) + 1
    end
    for why, count in string.gmatch(ARGV[i + 10], '(%S+) (%d+);') do tally['x:' .. why] = (tally['x:' .. why] or 0) + tonumber(count) end
    if over > 0 then tally['x:E_LIMIT'] = (tally['x:E_LIMIT'] or 0) + over end
    if hostFull > 0 then tally['x:E_HOST_LIMIT'] = (tally['x:E_HOST_LIMIT'] or 0) + hostFull end
    wakeLanes(ns, ns .. ':k:' .. key, key, now)
    answers[#answers + 1] = 1
  end
end
for crawl, tally in pairs(tallies) do
  for field, count in pairs(tally) do redis.call('HINCRBY', ns .. ':c:' .. crawl, field, count) end
  finishIfDone(ns, crawl, now)
end
return answers
