--[[
  Notes how a due time of a schedule ended, and writes an event into the outbox when the schedule has a
  webhook. `outcome` is started or skipped. `crawl`: which has begun, or goes on; '' for none. `why`: the code
  of the error because of which it was skipped; '' for none.
    NS:schedule:NAME:runs (HASH) due time (ms) to `OUTCOME US CRAWL US AT US WHY`, of the last hundred or two
    NS:outbox (LIST) `ID US TYPE US CRAWL US AT US US SCHEDULE`, with the schedule as JSON
]]
local MOST_KEPT = 100

local function tellOfRun(ns, name, due, outcome, crawl, now, why)
  local s = ns .. ':schedule:' .. name
  local runs = s .. ':runs'
  redis.call('HSET', runs, due, table.concat({ outcome, crawl, now, why }, '\31'))
  redis.call('HINCRBY', s, outcome, 1)
  redis.call('HSET', s, 'lastDue', due, 'lastOutcome', outcome, 'lastAt', now)
  if redis.call('HLEN', runs) > 2 * MOST_KEPT then
    local all = redis.call('HKEYS', runs)
    table.sort(all, function(a, b) return tonumber(a) < tonumber(b) end)
    for index = 1, #all - MOST_KEPT do redis.call('HDEL', runs, all[index]) end
  end
  local webhook, cron, zone, token = unpack(redis.call('HMGET', s, 'webhook', 'cron', 'zone', 'token'))
  if webhook ~= '1' then return end
  local serial = redis.call('HINCRBY', s, 'events', 1)
  local id = table.concat({ 'schedule', (string.gsub(name, '%.', '_')), token, serial }, '-')
  local told = cjson.encode({ name = name, cron = cron, zone = zone, due = due, why = why ~= '' and why or cjson.null })
  redis.call('RPUSH', ns .. ':outbox', table.concat({ id, 'schedule.' .. outcome, crawl, now, '', told }, '\31'))
end
