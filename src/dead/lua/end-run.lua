--[[
  Ends a run of a replay. Only the first end counts.

  KEYS[1]  NS:replay:RUN
  ARGV[1]  NS
  ARGV[2]  RUN
  ARGV[3]  done or stopped
  ARGV[4]  how long the record is kept (s)
  Answers  1 if this call ended it, else 0
]]
--- include lua/clock.lua
local ns, run, ending, seconds = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local record = ns .. ':replay:' .. run
local phase, endedAt, place = unpack(redis.call('HMGET', record, 'phase', 'endedAt', 'place'))
if not phase or endedAt then return 0 end
redis.call('HSET', record, 'phase', ending, 'endedAt', redisTime())
if place and redis.call('HGET', ns .. ':replays:open', place) == run then redis.call('HDEL', ns .. ':replays:open', place) end
redis.call('EXPIRE', record, seconds)
redis.call('EXPIRE', record .. ':crawls', seconds)
return 1
