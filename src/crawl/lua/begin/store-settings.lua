-- Stores the settings that scripts read, one by one. Settings without a value are absent. Of a crawl with
-- parts on several shards, each may hold its share of the frontier, and none has a limit: home grants to each
-- what it may accept (src/frontier/shards/grants.ts). What a part has accepted before counts as granted.
local function storeSettings(c, settings, shards)
  redis.call('HDEL', c, 'limit', 'limited', 'full', 'perServer', 'maxPerHost', 'hostLimits', 'onlyDue')
  redis.call('HSET', c, 'perHost', settings.perHost, 'delay', settings.delay, 'adaptive', settings.adaptive and '1' or '0',
    'ignoreRobots', settings.ignoreRobots and '1' or '0', 'maxFrontier', math.ceil(settings.maxFrontier / shards))
  for _, field in ipairs({ 'limit', 'perServer', 'maxPerHost' }) do
    local name = field == 'limit' and shards > 1 and 'limited' or field
    if settings[field] ~= cjson.null then redis.call('HSET', c, name, settings[field]) end
  end
  if shards > 1 and settings.limit ~= cjson.null then
    local accepted, granted = unpack(redis.call('HMGET', c, 'accepted', 'granted'))
    redis.call('HSET', c, 'granted', math.max(tonumber(accepted) or 0, tonumber(granted) or 0))
  end
  if settings.onlyDue then redis.call('HSET', c, 'onlyDue', '1') end
  if next(settings.hosts) then redis.call('HSET', c, 'hostLimits', cjson.encode(settings.hosts)) end
end
