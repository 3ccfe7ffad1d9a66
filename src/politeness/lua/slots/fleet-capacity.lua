-- The sum of the capacities of the living consumers. Those whose lease has run out are forgotten here.
-- NS:consumers (ZSET) ID|CAPACITY by the end of the lease (ms)
--- include lua/clamp-leases.lua
local function fleetCapacity(ns, now, lease)
  local consumers = ns .. ':consumers'
  redis.call('ZREMRANGEBYSCORE', consumers, '-inf', now)
  clampLeases(consumers, now, 2 * lease, lease)
  local capacity = 0
  for _, member in ipairs(redis.call('ZRANGE', consumers, 0, -1)) do
    capacity = capacity + tonumber(string.match(member, '|(%d+)$'))
  end
  return capacity
end
