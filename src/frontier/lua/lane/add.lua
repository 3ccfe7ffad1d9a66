--[[
  Adds requests to the frontier of a crawl: each new fingerprint to the seen set, each new request to its
  lane. The seen set is a linear hash over Redis sets of integers: bucket i of n is NS:c:CRAWL:s:i. When the
  buckets that are not yet split hold SPLIT_FROM members on average, splitting begins, one bucket after the
  other. When they hold SPLIT_TO, all have been split. So no bucket outgrows the compact form of Redis
  (set-max-intset-entries, 512), and few hold much less.
]]
--- include politeness/lua/limiter/set-limits.lua
--- include frontier/lua/seen/power-below.lua
--- include frontier/lua/seen/seen-bucket.lua
--- include frontier/lua/seen/split-bucket.lua
--- include frontier/lua/crawl/wake-crawl.lua
--- include frontier/lua/crawl/note-priority.lua
local SPLIT_FROM, SPLIT_TO = 300, 420

local function park(c, requests)
  for i = 1, #requests, 1000 do redis.call('RPUSH', c .. ':parked', unpack(requests, i, math.min(i + 999, #requests))) end
  redis.call('HINCRBY', c, 'parked', #requests)
end

--[[
  `list`: requests, each FINGERPRINT GS KEY GS PRIORITY GS LIMITS GS PACKED RS (GS 0x1d, RS 0x1e). An empty
  KEY means `ownKey`. LIMITS is empty or `conc,max,dur,delay`. Returns how many were added, how many were
  duplicates, how many were over the limit of the crawl, how many over the limit of their host, those that
  were added, by lane: each a table with name, key, priority and entries; and how many were parked. To add the
  same list again changes nothing.
    NS:c:CRAWL:parked (LIST) requests of a part of a crawl with a limit: in the seen set, and accepted when
                             home grants it (shards/lua/apply-grant.lua); each KEY GS PRIORITY GS
                             FINGERPRINT GS PACKED
]]
local function addRequests(ns, crawl, list, ownKey, now)
  local c = ns .. ':c:' .. crawl
  local bucketCount, seenCount, acceptedCount, most, priorities, state, mostPerHost, limited, granted, full =
    unpack(redis.call('HMGET', c, 'buckets', 'seen', 'accepted', 'limit', 'priorities', 'state', 'maxPerHost', 'limited', 'granted', 'full'))
  if state == 'cancelled' then return 0, 0, 0, 0, {}, 0 end
  local buckets, seen, accepted = tonumber(bucketCount) or 1, tonumber(seenCount) or 0, tonumber(acceptedCount) or 0
  local limit = limited and (tonumber(granted) or 0) or tonumber(most) or math.huge
  local parks, parked = limited and not full, {}
  local level = powerBelow(buckets)
  local perHost, accepts = tonumber(mostPerHost), {}
  local added, duplicates, over, hostFull = 0, 0, 0, 0
  local lanes, order = {}, {}
  for fingerprint, key, priority, limits, packed in string.gmatch(list, '([^\29]*)\29([^\29]*)\29([^\29]*)\29([^\29]*)\29([^\30]*)\30') do
    if key == '' then key = ownKey end
    if perHost and not accepts[key] then accepts[key] = tonumber(redis.call('HGET', c .. ':accepts', key)) or 0 end
    local isFull = accepted + added >= limit
    local isOver = isFull and not parks
    local bucket = c .. ':s:' .. seenBucket(fingerprint, buckets, level)
    if isOver or (perHost and accepts[key] >= perHost) then
      -- A known request is a duplicate, and is not counted as over a limit.
      if redis.call('SISMEMBER', bucket, fingerprint) == 1 then
        duplicates = duplicates + 1
      elseif isOver then
        over = over + 1
      else
        hostFull = hostFull + 1
      end
    elseif redis.call('SADD', bucket, fingerprint) == 0 then
      duplicates = duplicates + 1
    elseif isFull then
      if perHost then accepts[key] = accepts[key] + 1 end
      if limits ~= '' then setLimits(ns, key, limits) end
      parked[#parked + 1] = table.concat({ key, priority == '' and '0' or priority, fingerprint, packed }, '\29')
    else
      added = added + 1
      -- Splits here, not after the whole list: the few buckets of a young crawl could not hold a batch in the
      -- compact form, and a bucket that has left this form never goes back to it.
      if seen + added > level * SPLIT_FROM + (buckets - level) * (SPLIT_TO - SPLIT_FROM) then buckets, level = splitBucket(c, buckets, level) end
      if perHost then accepts[key] = accepts[key] + 1 end
      if priority == '' then priority = '0' end
      if limits ~= '' then setLimits(ns, key, limits) end
      local name = c .. ':l' .. priority .. ':' .. key
      local entries = lanes[name]
      if not entries then
        entries = {}
        lanes[name] = entries
        order[#order + 1] = { name = name, key = key, priority = priority, entries = entries }
      end
      entries[#entries + 1] = packed
    end
  end
  for key, count in pairs(accepts) do redis.call('HSET', c .. ':accepts', key, count) end
  local known = priorities or '0'
  for _, lane in ipairs(order) do
    local entries = lane.entries
    for i = 1, #entries, 1000 do redis.call('RPUSH', lane.name, unpack(entries, i, math.min(i + 999, #entries))) end
    redis.call('ZADD', c .. ':due', 'NX', now, lane.key)
    known = notePriority(c, known, lane.priority)
  end
  if #parked > 0 then park(c, parked) end
  if added + #parked > 0 then
    redis.call('HSET', c, 'buckets', buckets, 'seen', seen + added + #parked, 'accepted', accepted + added)
    wakeCrawl(ns, crawl, state)
  end
  return added, duplicates, over, hostFull, order, #parked
end
