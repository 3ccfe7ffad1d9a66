--[[
  The canaries of a run were fetched with success: the other letters may follow.

  KEYS[1]  NS:replay:RUN
  ARGV[1]  NS
  ARGV[2]  RUN
  Answers  1 if this call changed the phase; 0 if the run has ended, or another driver was faster
]]
local ns, run = ARGV[1], ARGV[2]
local record = ns .. ':replay:' .. run
local phase, endedAt = unpack(redis.call('HMGET', record, 'phase', 'endedAt'))
if phase ~= 'canary' or endedAt then return 0 end
redis.call('HSET', record, 'phase', 'rest')
return 1
