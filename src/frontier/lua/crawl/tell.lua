--[[
  Writes an event of a crawl with a webhook into the outbox, in the same step that makes the event true.
  Consumers make jobs of these entries.
    NS:outbox (LIST) `ID US TYPE US CRAWL US AT US THRESHOLD`, the oldest first. ID is made from the crawl's
                     own count of events. It has no dot, because it is signed.
]]
local function tell(ns, crawl, type, now, threshold)
  local c = ns .. ':c:' .. crawl
  local serial = redis.call('HINCRBY', c, 'events', 1)
  local id = string.gsub(crawl, '%.', '_') .. '-' .. (redis.call('HGET', c, 'token') or '') .. '-' .. serial
  redis.call('RPUSH', ns .. ':outbox', table.concat({ id, type, crawl, now, threshold or '' }, '\31'))
end
