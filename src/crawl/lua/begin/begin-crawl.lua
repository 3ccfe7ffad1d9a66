--[[
  Begins a crawl, or goes on with the crawl of that name that has not ended. If the crawl of that name has
  ended, a new one gets a new id, and the old one stays readable. The producer holds the crawl open until it
  leaves or its lease runs out. `given`: name, producer, lease (ms), text (the settings as JSON), seeds,
  token, store, again. `again` is nil, or a table with former (JSON of src/crawl/former-run.ts; '' if only an
  unfinished crawl can go on), block (seeds in place of those that the former run keeps; '' for those; nil if
  the producer offers others) and hosts (whether seeds that are kept may name private hosts). Returns {id, 1
  if it is new, else 0}. With `again`, nothing has changed when it returns {id, -1}: an unfinished crawl
  repeats no run; or {id, -2}: the former run is gone.
    NS:crawls (ZSET) crawls by when they began (ms)
    NS:names (HASH) name to its newest id
    NS:serials (HASH) name to how many crawls it has had
]]
--- include crawl/lua/begin/hold-home.lua
--- include crawl/lua/begin/store-settings.lua
-- A new crawl gets the seeds of the run that it repeats, and the private hosts that they named.
local function repeatRun(c, former, again, formerId)
  redis.call('HSET', c, 'former', again.former)
  if not again.block then return end
  if again.block ~= '' then
    redis.call('SET', c .. ':seeds', #again.block .. ':' .. again.block)
  else
    redis.call('COPY', former .. ':seeds', c .. ':seeds')
    -- Its parts on other shards do the same.
    redis.call('HSET', c, 'seedsOf', formerId)
  end
  if again.hosts then redis.call('COPY', former .. ':hosts', c .. ':hosts') end
end

local function beginCrawl(ns, given, now)
  local name, producer, lease, text, seeds, token, store =
    given.name, given.producer, given.lease, given.text, given.seeds, given.token, given.store
  local id = redis.call('HGET', ns .. ':names', name)
  if not id and redis.call('ZSCORE', ns .. ':crawls', name) then
    -- The user gave the id of a crawl: that crawl is meant, not a new one of that name.
    id = name
    name = redis.call('HGET', ns .. ':c:' .. id, 'name')
  end
  local state = id and redis.call('HGET', ns .. ':c:' .. id, 'state') or ''
  -- If the producer died before it had offered everything, the crawl has not ended, even if nothing of it is
  -- left.
  local offered = id and redis.call('HEXISTS', ns .. ':c:' .. id, 'offering') == 0
  local isNew = not id or state == 'cancelled' or (state == 'finished' and offered)
  local again, former = given.again, ''
  if again and not isNew and redis.call('HEXISTS', ns .. ':c:' .. id, 'former') == 0 then return { id, -1 } end
  if again and isNew then
    former = again.former ~= '' and cjson.decode(again.former).crawl or id or name
    if again.former == '' or not redis.call('ZSCORE', ns .. ':crawls', former) then return { former, -2 } end
  end
  if isNew then
    repeat
      local serial = redis.call('HINCRBY', ns .. ':serials', name, 1)
      id = serial == 1 and name or name .. '.' .. serial
    until not redis.call('ZSCORE', ns .. ':crawls', id) and not redis.call('ZSCORE', ns .. ':forgetting', id)
    redis.call('HSET', ns .. ':names', name, id)
    redis.call('ZADD', ns .. ':crawls', now, id)
    redis.call('HSET', ns .. ':c:' .. id, 'name', name, 'state', 'running', 'createdAt', now, 'seeds', seeds, 'priorities', '0', 'token', token,
      -- The settings of a schedule may be those of a former version.
      'keepSeeds', cjson.decode(text).keepSeeds or 0)
    if store ~= '' then redis.call('HSET', ns .. ':c:' .. id, 'store', store) end
    if again then repeatRun(ns .. ':c:' .. id, ns .. ':c:' .. former, again, former) end
  end
  local c = ns .. ':c:' .. id
  local settings = cjson.decode(text)
  -- Requests that were handed out under other settings must ask the gate.
  local before = redis.call('HGET', c, 'settings')
  if before and before ~= text then redis.call('HSET', c, 'changedAt', now) end
  redis.call('HDEL', c, 'webhook', 'webhookDead')
  redis.call('HSET', c, 'settings', text, 'offering', '1')
  if settings.webhookDead ~= cjson.null then redis.call('HSET', c, 'webhookDead', settings.webhookDead) end
  -- Only whether there is a webhook. Its URL, which may hold a token, stays in the settings.
  if settings.webhook ~= cjson.null then redis.call('HSET', c, 'webhook', '1') end
  local shards = tonumber(redis.call('GET', ns .. ':shards') or '1')
  -- While it had no limit, its parts accepted without asking.
  local hadLimit = redis.call('HEXISTS', c, 'limited') == 1
  storeSettings(c, settings, shards)
  if state == 'finished' and not isNew then redis.call('HSET', c, 'state', 'running') end
  redis.call('ZADD', c .. ':producers', now + lease, producer)
  if shards > 1 then
    redis.call('HSET', c, 'shards', shards)
    if isNew then redis.call('HSET', c, 'counted', '1') elseif not hadLimit then redis.call('HDEL', c, 'counted') end
    holdHome(ns, id, state)
  end
  return { id, isNew and 1 or 0 }
end
