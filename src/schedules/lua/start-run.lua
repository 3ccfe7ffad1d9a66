--[[
  Starts the run of a schedule that is due, at most once for each due time: begins a crawl, with the caller as
  its producer. While the former run goes on, this one is skipped. When the caller of a former call died
  before it had offered all seeds, the one who calls again takes over.

  KEYS[1]  NS:schedules
  ARGV[1]  NS
  ARGV[2]  name
  ARGV[3]  token of the schedule by which the following were found out
  ARGV[4]  due time (ms)
  ARGV[5]  producer
  ARGV[6]  lease (ms)
  ARGV[7]  a random token for the records of a new crawl
  ARGV[8]  code of the error because of which no crawl can begin; else ''
  ARGV[9]  settings (JSON)
  ARGV[10] seeds, as the user named them
  ARGV[11] address of the store, without password; '' for files of each consumer
  ARGV[12] the run before it (JSON of src/crawl/former-run.ts); '' for none
  ARGV[13] 1 if it has the seeds of that run, else ''
  ARGV[14] seeds in place of those that that run keeps, as a block
  Answers  {'gone'}: there is no such schedule any more; {'changed'}: ask again, that run is forgotten;
           {'started', crawl, 1 if its seeds must be offered} when this due time has begun the crawl;
           {'skipped', crawl that goes on, 1 if its seeds must be offered, ARGV[8] if it is why}
]]
--- include lua/clock.lua
--- include crawl/lua/begin/begin-crawl.lua
--- include crawl/lua/begin/hold-home.lua
--- include schedules/lua/tell-of-run.lua
local ns, name, token, due, producer, lease, recordsToken =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
local why, settings, seeds, store, former, repeatsSeeds, block = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13] == '1', ARGV[14]
local s = ns .. ':schedule:' .. name
local now = redisTime()
local kept, lastCrawl = unpack(redis.call('HMGET', s, 'token', 'lastCrawl'))
if token ~= kept then return { 'gone' } end

local id = redis.call('HGET', ns .. ':names', name)
local c = id and ns .. ':c:' .. id
local state, offering = false, false
if c then state, offering = unpack(redis.call('HMGET', c, 'state', 'offering')) end
local isOffered = c and redis.call('ZCOUNT', c .. ':producers', now, '+inf') > 0
local handled = redis.call('HGET', s .. ':runs', due)
local outcome, begun
if handled then outcome, begun = string.match(handled, '^(%a+)\31([^\31]*)') end
-- The seeds of this schedule's run have not all been offered. Whoever offered them is gone, or has lost this
-- very job to the caller.
local isHalf = offering and id == lastCrawl and state ~= 'cancelled' and (outcome == 'started' or not isOffered)
if isHalf then
  if state == 'finished' then redis.call('HSET', c, 'state', 'running') end
  redis.call('ZADD', c .. ':producers', now + lease, producer)
  if redis.call('HEXISTS', c, 'shards') == 1 then holdHome(ns, id, state) end
end
if handled then return { outcome, begun, isHalf and begun == id and 1 or 0, '' } end
if isHalf or isOffered or state == 'running' or state == 'paused' then
  tellOfRun(ns, name, due, 'skipped', id, now, '')
  return { 'skipped', id, isHalf and 1 or 0, '' }
end
if why ~= '' then
  tellOfRun(ns, name, due, 'skipped', id or '', now, why)
  return { 'skipped', id or '', 0, why }
end
-- A crawl of another producer that was broken off, and then ended, is not gone on with.
if offering then redis.call('HDEL', c, 'offering') end
local again = former ~= '' and { former = former, block = repeatsSeeds and block or nil, hosts = repeatsSeeds } or nil
local given = { name = name, producer = producer, lease = lease, text = settings, seeds = seeds, token = recordsToken, store = store, again = again }
local crawl, isNew = unpack(beginCrawl(ns, given, now))
if isNew < 0 then return { 'changed' } end
redis.call('HSET', s, 'lastCrawl', crawl)
tellOfRun(ns, name, due, 'started', crawl, now, '')
return { 'started', crawl, 1, '' }
