--[[
  Begins a crawl, or goes on with the one of that name that has not ended. A name whose crawl has ended gets a new id; the old
  crawl stays readable. The caller counts as a producer of it until it leaves or its lease runs out.
    KEYS[1] NS:crawls
    ARGV    1 NS  2 name  3 producer  4 lease (ms)  5 settings (JSON)  6 seeds, as the user named them
            7 a random token that tells the records of a new crawl from those of any other of its id
  Answers {id, '1' if it is new, state before}
]]
--- include politeness/lua/gate.lua
local ns, name = ARGV[1], ARGV[2]
local now = redisTime()
local id = redis.call('HGET', ns .. ':names', name)
if not id and redis.call('ZSCORE', ns .. ':crawls', name) then
  -- The id of a crawl, as the user was told it: the same crawl, not a new one of that name.
  id = name
  name = redis.call('HGET', ns .. ':c:' .. id, 'name')
end
local state = id and redis.call('HGET', ns .. ':c:' .. id, 'state') or ''
-- A crawl whose producer died before it had offered all is not at its end, though nothing of it may be left.
local offered = id and redis.call('HEXISTS', ns .. ':c:' .. id, 'offering') == 0
local fresh = not id or state == 'cancelled' or (state == 'finished' and offered)
if fresh then
  repeat
    local serial = redis.call('HINCRBY', ns .. ':serials', name, 1)
    id = serial == 1 and name or name .. '.' .. serial
  until not redis.call('ZSCORE', ns .. ':crawls', id)
  redis.call('HSET', ns .. ':names', name, id)
  redis.call('ZADD', ns .. ':crawls', now, id)
  redis.call('HSET', ns .. ':c:' .. id, 'name', name, 'state', 'running', 'createdAt', now, 'seeds', ARGV[6], 'priorities', '0', 'token', ARGV[7])
end
local c = ns .. ':c:' .. id
-- What the scripts read of the settings stands beside them, a field each; those without a value are absent.
local settings = cjson.decode(ARGV[5])
-- What was handed out under other settings asks the gate.
local former = redis.call('HGET', c, 'settings')
if former and former ~= ARGV[5] then redis.call('HSET', c, 'changedAt', now) end
redis.call('HDEL', c, 'limit', 'perServer', 'maxPerHost', 'hostLimits', 'webhook', 'webhookDead')
redis.call('HSET', c, 'settings', ARGV[5], 'offering', '1', 'perHost', settings.perHost, 'delay', settings.delay,
  'adaptive', settings.adaptive and '1' or '0', 'ignoreRobots', settings.ignoreRobots and '1' or '0', 'maxFrontier', settings.maxFrontier)
for _, name in ipairs({ 'limit', 'perServer', 'maxPerHost', 'webhookDead' }) do
  if settings[name] ~= cjson.null then redis.call('HSET', c, name, settings[name]) end
end
-- That there is one; its URL, which may hold a token, stays where it is.
if settings.webhook ~= cjson.null then redis.call('HSET', c, 'webhook', '1') end
if next(settings.hosts) then redis.call('HSET', c, 'hostLimits', cjson.encode(settings.hosts)) end
if state == 'finished' and not fresh then redis.call('HSET', c, 'state', 'running') end
redis.call('ZADD', c .. ':producers', now + tonumber(ARGV[4]), ARGV[3])
return { id, fresh and '1' or '0', state }
