--[[
  Begins, judges and ends a run of a replay, each in one step: so that a command that is killed leaves a whole run or none.
    KEYS[1] NS:replay:RUN
    ARGV    1 NS  2 RUN  3 what to do, and for
            begin  4 place (what is asked of which group)  5 how long the record is kept (s), then its fields, each with its value
            rest   nothing more: the canaries came through, the others may follow
            end    4 done or stopped  5 how long the record is kept (s)
  Keys: NS:replays:open (HASH) place to the run at work there · NS:replays (ZSET) runs by their begin (ms)
  Answers for begin the id of the run at work there, which may be another than RUN; else 1 if this call changed it, or 0.
]]
--- include politeness/lua/gate.lua
local ns, run, action = ARGV[1], ARGV[2], ARGV[3]
local key, openRuns = KEYS[1], ARGV[1] .. ':replays:open'
local now = redisTime()

if action == 'begin' then
  local place, seconds = ARGV[4], tonumber(ARGV[5])
  local former = redis.call('HGET', openRuns, place)
  if former then
    local v = redis.call('HMGET', ns .. ':replay:' .. former, 'phase', 'endedAt')
    if v[1] and not v[2] then return former end
  end
  redis.call('HSET', key, 'place', place, 'startedAt', now, unpack(ARGV, 6))
  redis.call('EXPIRE', key, seconds)
  redis.call('HSET', openRuns, place, run)
  redis.call('ZADD', ns .. ':replays', now, run)
  redis.call('ZREMRANGEBYSCORE', ns .. ':replays', '-inf', now - seconds * 1000)
  return run
end

local v = redis.call('HMGET', key, 'phase', 'endedAt', 'place')
if not v[1] or v[2] then return 0 end
if action == 'rest' then
  if v[1] ~= 'canary' then return 0 end
  redis.call('HSET', key, 'phase', 'rest')
  return 1
end
redis.call('HSET', key, 'phase', ARGV[4], 'endedAt', now)
if v[3] and redis.call('HGET', openRuns, v[3]) == run then redis.call('HDEL', openRuns, v[3]) end
redis.call('EXPIRE', key, tonumber(ARGV[5]))
redis.call('EXPIRE', key .. ':crawls', tonumber(ARGV[5]))
return 1
