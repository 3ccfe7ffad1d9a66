--[[
  A consumer's heartbeat: what it counted since the last is added to the fleet's metrics, how it stands is kept while it lives.
    KEYS[1] NS:metrics
    ARGV    1 NS  2 consumer  3 number of this heartbeat  4 how it stands (JSON), '' when it leaves  5 how long that is kept (ms)
            then pairs: field, whole number to add
  Answers 1 if somebody listens to the tail. The same heartbeat again adds nothing.
]]
local ns, entry = ARGV[1], ARGV[1] .. ':heartbeat:' .. ARGV[2]
if tonumber(ARGV[3]) > tonumber(redis.call('HGET', entry, 'beat') or '0') then
  for i = 6, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', entry, 'beat', ARGV[3], 'standing', ARGV[4])
  redis.call('PEXPIRE', entry, ARGV[5])
end
return redis.call('EXISTS', ns .. ':tail:wanted')
