-- Takes one start at `at`: holds a slot and moves the times on. To be called only after freeStarts has
-- allowed it.
--- include politeness/lua/slots/hold-slots.lua
--- include politeness/lua/limiter/keep.lua
-- At keys with a delay, or with at least this time between two starts, nobody starts until the one with leave
-- has started.
local STRICT_FROM_MS = 20

local function takeStart(g, at, holder, lease, now)
  holdSlots(g.k, { holder }, at + lease, lease)
  if g.server then holdSlots(g.server, { holder }, at + lease, lease) end
  if g.timed then redis.call('HSET', g.k, 'wrote', now) end
  if g.delay > 0 or g.interval >= STRICT_FROM_MS then
    redis.call('HSET', g.k, 'next', at + math.max(lease, g.delay), 'pend', holder)
    gateKeep(g.k, g.delay + DAY)
  end
  if g.interval > 0 then
    redis.call('HSET', g.k, 'tat', string.format('%.3f', at + g.interval))
    gateKeep(g.k, g.interval + DAY)
  end
end
