--[[
  Ends requests, many in one call. For each that is open and whose claim is the newest, it adds the links,
  moves the counters and closes the request: all of that or nothing. So a second call, or a late one, changes
  nothing.

  KEYS[1]  NS:active
  ARGV[1]  NS
  ARGV[2]  where their records are: MACHINE:DIRECTORY, or ''
  ARGV[3]  and every twelfth one after it: crawl of a request
  ARGV[4]  …: id
  ARGV[5]  …: claim
  ARGV[6]  …: how it ends: recorded, refused or dead
  ARGV[7]  …: limiter key
  ARGV[8]  …: status or ''
  ARGV[9]  …: error code or ''
  ARGV[10] …: bytes
  ARGV[11] …: reason of a dead one or ''
  ARGV[12] …: its links (add.lua)
  ARGV[13] …: further counts, as `FIELD COUNT;`…: x:CODE links left out, i:HANDLER items emitted,
                 unchanged pages as in the former run, notDue those of them that were not asked for, due (not
                 counted) the others of a crawl with --only-due
  ARGV[14] …: host of a dead one
  Answers  for each request 'done', 'limited' (done, but a limit left out some of its links), 'ended' (it had
           ended before) or 'taken' (another consumer took it over). If links of it were parked: {one of
           these, how many were parked}. And behind them for the links of all these requests that were sent
           to other shards, by crawl and shard: {{CRAWL, SHARD, ID, SHARD, ID, …}, …}
]]
--- include lua/clock.lua
--- include politeness/lua/slots/take-waiting.lua
--- include frontier/lua/request/read-claims.lua
--- include frontier/lua/request/note-due.lua
--- include frontier/lua/lane/add.lua
--- include frontier/shards/lua/take-links.lua
--- include frontier/shards/lua/send-links.lua
--- include frontier/lua/crawl/finish.lua
--- include frontier/lua/dead/index-dead.lua
--- include frontier/lua/lane/wake-lanes.lua
--- include frontier/lua/dead/tell-replay.lua
local ns, place = ARGV[1], ARGV[2]
local now = redisTime()
local answers, tallies, replayed = {}, {}, {}

-- When a replay brought the request back, its run learns how it ended.
local function endReplay(crawl, c, id, kind)
  if replayed[crawl] == nil then replayed[crawl] = redis.call('HGET', c, 'replayed') == '1' end
  local entry = replayed[crawl] and redis.call('HGET', c .. ':replayed', id)
  if not entry then return end
  redis.call('HDEL', c .. ':replayed', id)
  tellReplay(ns, entry, kind)
end

local function count(tally, field, number)
  tally[field] = (tally[field] or 0) + number
end

-- What is read and written for each request is gathered, so that many share one call: claims by crawl and id,
-- the ids that are closed by crawl, how many are closed by crawl and limiter key, links to other shards by
-- crawl and shard.
local claims, closed, closedOf, sending, keys = {}, {}, {}, {}, {}
for i = 3, #ARGV, 12 do
  local crawl, id = ARGV[i], ARGV[i + 1]
  if not claims[crawl] then
    claims[crawl], closed[crawl], closedOf[crawl], sending[crawl] = {}, {}, {}, {}
  end
  claims[crawl][id] = false
end
for crawl, ofCrawl in pairs(claims) do readClaims(ns .. ':c:' .. crawl, ofCrawl) end

for i = 3, #ARGV, 12 do
  local crawl, id, claim, kind, key, status, code, bytes, reason, links, counts, host = unpack(ARGV, i, i + 11)
  local c = ns .. ':c:' .. crawl
  local newest = claims[crawl][id]
  if not newest then
    answers[#answers + 1] = 'ended'
  elseif newest ~= claim then
    answers[#answers + 1] = 'taken'
  else
    local over, hostFull, parked = 0, 0, 0
    if links ~= '' then
      local own, _ = takeLinks(links, sending[crawl])
      _, _, over, hostFull, _, parked = addRequests(ns, crawl, own, key, now)
    end
    claims[crawl][id] = false
    closed[crawl][#closed[crawl] + 1] = id
    count(closedOf[crawl], key, 1)
    keys[key] = true
    if kind == 'dead' then
      redis.call('HSET', c .. ':dead', id, claim .. '\31' .. reason)
      indexDead(ns, code .. '\31' .. host, crawl .. '.' .. id, now)
    end
    endReplay(crawl, c, id, kind)
    local tally = tallies[crawl]
    if not tally then
      tally = {}
      tallies[crawl] = tally
    end
    count(tally, kind, 1)
    if place ~= '' then count(tally, 'at:' .. place, 1) end
    if bytes ~= '0' then count(tally, 'bytes', tonumber(bytes)) end
    if status ~= '' then count(tally, 's:' .. status, 1) end
    if code ~= '' then count(tally, (kind == 'refused' and 'r:' or 'e:') .. code, 1) end
    for field, number in string.gmatch(counts, '(%S+) (%d+);') do
      if field ~= 'due' then count(tally, field, tonumber(number)) end
      -- The lane need not wait for the time of the next start.
      if field == 'notDue' or field == 'due' then
        if noteDue(c, key, field == 'due') > 0 then wakeLanes(ns, { crawl }, key, now) end
      end
    end
    if over > 0 then count(tally, 'x:E_LIMIT', over) end
    if hostFull > 0 then count(tally, 'x:E_HOST_LIMIT', hostFull) end
    local answer = over + hostFull > 0 and 'limited' or 'done'
    answers[#answers + 1] = parked > 0 and { answer, parked } or answer
  end
end
for crawl, ids in pairs(closed) do
  local c = ns .. ':c:' .. crawl
  if #ids > 0 then redis.call('HDEL', c .. ':open', unpack(ids)) end
  for key, number in pairs(closedOf[crawl]) do
    if redis.call('HINCRBY', c .. ':n', key, -number) <= 0 then redis.call('HDEL', c .. ':n', key) end
  end
end
for key in pairs(keys) do wakeLanes(ns, takeWaiting(ns, key), key, now) end
local sent = {}
for crawl, lists in pairs(sending) do
  if next(lists) then sent[#sent + 1] = { crawl, unpack(sendLinks(ns, crawl, lists)) } end
end
answers[#answers + 1] = sent
for crawl, tally in pairs(tallies) do
  for field, number in pairs(tally) do redis.call('HINCRBY', ns .. ':c:' .. crawl, field, number) end
  finishIfDone(ns, crawl, now)
end
return answers
