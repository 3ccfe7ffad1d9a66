--[[
  A consumer's heartbeat: adds what it counted since the last one to the fleet's metrics, and keeps its state.
  The same heartbeat sent again adds nothing.

  KEYS[1]  NS:metrics
  ARGV[1]  NS
  ARGV[2]  consumer
  ARGV[3]  number of this heartbeat
  ARGV[4]  its state (JSON), '' when it leaves
  ARGV[5]  how long that is kept (ms)
  ARGV[6]  and every second after it: field of the metrics
  ARGV[7]  …: whole number to add
  Answers  1 if somebody listens to the tail, else 0
]]
local ns, consumer, beat, standing, keptMs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local entry = ns .. ':heartbeat:' .. consumer
if tonumber(beat) > tonumber(redis.call('HGET', entry, 'beat') or '0') then
  for i = 6, #ARGV, 2 do redis.call('HINCRBY', ns .. ':metrics', ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', entry, 'beat', beat, 'standing', standing)
  redis.call('PEXPIRE', entry, keptMs)
end
return redis.call('EXISTS', ns .. ':tail:wanted')
