--[[
  Takes the lease on a piece of work, unless another process holds it. A lease that would last longer than it
  can have been taken for is cut: the clock of Redis has gone back since.

  KEYS[1]  NS:lease:WORK
  ARGV[1]  NS
  ARGV[2]  work
  ARGV[3]  lease (ms)
  ARGV[4]  the longest lease on this work (ms)
  Answers  1 if the caller has it now, else 0
]]
local ns, work, lease, longest = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key = ns .. ':lease:' .. work
if redis.call('SET', key, '1', 'PX', lease, 'NX') then return 1 end
if redis.call('PTTL', key) > longest then redis.call('PEXPIRE', key, lease) end
return 0
