--[[
  The heartbeat of a consumer. Adds to the fleet's metrics what it counted since the last heartbeat, and
  stores its state. The same heartbeat sent again adds nothing. What it told last stays when it leaves.

  KEYS[1]  NS:metrics
  ARGV[1]  NS
  ARGV[2]  consumer
  ARGV[3]  the number of this heartbeat
  ARGV[4]  its state (JSON), '' when it leaves
  ARGV[5]  how long the state is kept (ms)
  ARGV[6]  and every second one after it: a field of the metrics
  ARGV[7]  …: the whole number to add
  Answers  {1 if somebody watches the tail, else 0; the format of the namespace}
]]
--- include lua/clock.lua
local ns, consumer, beat, standing, keptMs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local entry = ns .. ':heartbeat:' .. consumer
if tonumber(beat) > tonumber(redis.call('HGET', entry, 'beat') or '0') then
  for i = 6, #ARGV, 2 do redis.call('HINCRBY', ns .. ':metrics', ARGV[i], ARGV[i + 1]) end
  if standing == '' then
    redis.call('HSET', entry, 'beat', beat, 'left', '1')
  else
    redis.call('HSET', entry, 'beat', beat, 'standing', standing)
  end
  redis.call('PEXPIRE', entry, keptMs)
  local now = redisTime()
  redis.call('ZADD', ns .. ':members', now, consumer)
  redis.call('ZREMRANGEBYSCORE', ns .. ':members', '-inf', now - keptMs)
end
return { redis.call('EXISTS', ns .. ':tail:wanted'), tonumber(redis.call('GET', ns .. ':format') or '0') }
