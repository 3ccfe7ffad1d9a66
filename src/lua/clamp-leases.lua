-- Leases (a ZSET by their end, ms) that end later than any can have been taken for, `longest` from now: the
-- clock of Redis has gone back since. They end after `lease` from now. Returns how many there were.
local function clampLeases(leases, now, longest, lease)
  local late = redis.call('ZRANGEBYSCORE', leases, '(' .. now + longest, '+inf', 'LIMIT', 0, 1000)
  for _, member in ipairs(late) do redis.call('ZADD', leases, now + lease, member) end
  return #late
end
