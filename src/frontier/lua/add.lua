--[[
  Adds requests to a crawl's frontier: each new fingerprint to the seen set, each new request to its lane.
  The seen set is linear hashing over Redis integer sets: bucket i of n is NS:c:CRAWL:s:i; a bucket is split in two whenever
  they hold SEEN_PER_BUCKET on average. Those not yet split hold up to twice that, and none grows out of the compact form
  (set-max-intset-entries, 512).
]]
local SEEN_PER_BUCKET = 215

local function seenBucket(fingerprint, buckets, level)
  local h = tonumber(string.sub(fingerprint, -9))
  local b = h % (level * 2)
  if b >= buckets then b = h % level end
  return b
end

-- Splits the next bucket in line: its members that hash to the new bucket move there.
local function splitBucket(c, buckets, level)
  local from, to = c .. ':s:' .. (buckets - level), c .. ':s:' .. buckets
  local members = redis.call('SMEMBERS', from)
  local moved = {}
  for _, fingerprint in ipairs(members) do
    if tonumber(string.sub(fingerprint, -9)) % (level * 2) == buckets then moved[#moved + 1] = fingerprint end
  end
  for i = 1, #moved, 500 do
    local last = math.min(i + 499, #moved)
    redis.call('SADD', to, unpack(moved, i, last))
    redis.call('SREM', from, unpack(moved, i, last))
  end
end

local function powerBelow(buckets)
  local level = 1
  while level * 2 <= buckets do level = level * 2 end
  return level
end

--[[
  `list`: requests, each FINGERPRINT GS KEY GS PRIORITY GS LIMITS GS PACKED RS (GS 0x1d, RS 0x1e); KEY empty means `ownKey`; LIMITS
  is empty or `conc,max,dur`. Answers {added, duplicates, over the crawl's limit}. Reading a list twice changes nothing the second time.
]]
local function addRequests(ns, crawl, list, ownKey, now)
  local c = ns .. ':c:' .. crawl
  local info = redis.call('HMGET', c, 'buckets', 'seen', 'accepted', 'limit', 'priorities', 'state')
  local buckets, seen, accepted = tonumber(info[1]) or 1, tonumber(info[2]) or 0, tonumber(info[3]) or 0
  local limit, priorities = tonumber(info[4]) or math.huge, info[5] or '0'
  local level = powerBelow(buckets)
  local added, duplicates, over = 0, 0, 0
  local lanes, order = {}, {}
  for fingerprint, key, priority, limits, packed in string.gmatch(list, '([^\29]*)\29([^\29]*)\29([^\29]*)\29([^\29]*)\29([^\30]*)\30') do
    if accepted + added >= limit then
      over = over + 1
    elseif redis.call('SADD', c .. ':s:' .. seenBucket(fingerprint, buckets, level), fingerprint) == 0 then
      duplicates = duplicates + 1
    else
      added = added + 1
      if key == '' then key = ownKey end
      if priority == '' then priority = '0' end
      if limits ~= '' then
        local conc, max, dur = string.match(limits, '^(%d*),(%d*),(%d*)$')
        local k = ns .. ':k:' .. key
        redis.call('PERSIST', k)
        if conc ~= '' then redis.call('HSET', k, 'conc', conc) end
        if max ~= '' and dur ~= '' then redis.call('HSET', k, 'max', max, 'dur', dur) end
      end
      local lane = c .. ':l' .. priority .. ':' .. key
      local entries = lanes[lane]
      if not entries then
        entries = {}
        lanes[lane] = entries
        order[#order + 1] = { lane, key, priority }
      end
      entries[#entries + 1] = packed
    end
  end
  for _, o in ipairs(order) do
    local entries = lanes[o[1]]
    for i = 1, #entries, 1000 do redis.call('RPUSH', o[1], unpack(entries, i, math.min(i + 999, #entries))) end
    redis.call('ZADD', c .. ':due', 'NX', now, o[2])
    if not string.find(priorities, o[3], 1, true) then
      priorities = priorities .. o[3]
      redis.call('HSET', c, 'priorities', priorities)
    end
  end
  if added > 0 then
    seen = seen + added
    while seen > buckets * SEEN_PER_BUCKET do
      splitBucket(c, buckets, level)
      buckets = buckets + 1
      if buckets == level * 2 then level = level * 2 end
    end
    redis.call('HSET', c, 'buckets', buckets, 'seen', seen, 'accepted', accepted + added)
    if info[6] == 'finished' then redis.call('HSET', c, 'state', 'running') end
    if info[6] ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
  end
  return added, duplicates, over
end
