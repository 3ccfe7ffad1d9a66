--[[
  Begins a run of a replay in one step: a command that is killed leaves a whole run or none.

  KEYS[1]  NS:replay:RUN
  ARGV[1]  NS
  ARGV[2]  RUN
  ARGV[3]  place: which group, and what is done with it
  ARGV[4]  how long the record is kept (s)
  ARGV[5]  and every second one after it: a field of the record
  ARGV[6]  …: its value
  Answers  the id of the active run at that place: RUN, or another that began before

  NS:replay:RUN (HASH) its record
  NS:replays:open (HASH) place to the active run there
  NS:replays (ZSET) runs by when they began (ms)
]]
--- include lua/clock.lua
local ns, run, place, seconds = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now = redisTime()
local former = redis.call('HGET', ns .. ':replays:open', place)
if former then
  local phase, endedAt = unpack(redis.call('HMGET', ns .. ':replay:' .. former, 'phase', 'endedAt'))
  if phase and not endedAt then return former end
end
redis.call('HSET', ns .. ':replay:' .. run, 'place', place, 'startedAt', now, unpack(ARGV, 5))
redis.call('EXPIRE', ns .. ':replay:' .. run, seconds)
redis.call('HSET', ns .. ':replays:open', place, run)
redis.call('ZADD', ns .. ':replays', now, run)
redis.call('ZREMRANGEBYSCORE', ns .. ':replays', '-inf', now - seconds * 1000)
return run
