-- How many requests of a lane may be looked at together without a slot, because they may not be due
-- (--only-due): note-due.lua keeps it. One of each lane may, until its first has ended.
-- NS:c:CRAWL:not-due (HASH) limiter key to that number, until the crawl ends
local function notDueOf(c, key)
  return tonumber(redis.call('HGET', c .. ':not-due', key)) or 1
end
