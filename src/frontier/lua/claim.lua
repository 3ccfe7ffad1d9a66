--[[
  Takes an open request over without a start: it is to end as it is. Older claims may change nothing any more.
    KEYS[1] NS:c:CRAWL  ·  ARGV 1 id
  Answers the new claim, or -1 when the request has ended.
]]
local open = redis.call('HGET', KEYS[1] .. ':open', ARGV[1])
if not open then return -1 end
local claim, packed = string.match(open, '^(%d+)\31(.*)$')
redis.call('HSET', KEYS[1] .. ':open', ARGV[1], (tonumber(claim) + 1) .. '\31' .. packed)
return tonumber(claim) + 1
