--[[
  A consumer's heartbeat: adds what it counted since the last one to the fleet's metrics, and keeps its state.
    KEYS[1] NS:metrics
    ARGV    1 NS  2 consumer  3 number of this heartbeat  4 its state (JSON), '' when it leaves  5 how long to keep it (ms)
            then pairs: field, whole number to add
  Returns 1 if anybody watches the tail. The same heartbeat sent again adds nothing.
]]
local ns, entry = ARGV[1], ARGV[1] .. ':heartbeat:' .. ARGV[2]
if tonumber(ARGV[3]) > tonumber(redis.call('HGET', entry, 'beat') or '0') then
  for i = 6, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', entry, 'beat', ARGV[3], 'standing', ARGV[4])
  redis.call('PEXPIRE', entry, ARGV[5])
end
return redis.call('EXISTS', ns .. ':tail:wanted')
