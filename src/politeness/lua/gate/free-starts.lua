--[[
  How many starts a gate (read-gate.lua) lets pass, and when the first of them may be (now or soon). If none:
  0, when to ask again, and why: 'pause', 'full' (no free slot), 'server' (no free slot of its server),
  'time'. A lane asks without a holder, and leaves a place for those that wait. Notes in the gate how many
  slots are held and how many are free.
]]
--- include politeness/lua/gate/count-held.lua
--- include politeness/lua/gate/count-asking.lua
--- include lua/clamp-leases.lua
-- Leave to start is given this long before its time, and needs no further question.
local AHEAD_MS = 30

local function firstFree(slots, now)
  return (tonumber(redis.call('ZRANGE', slots .. ':s', 0, 0, 'WITHSCORES')[2]) or now) + 1
end

-- When no slot is free: when the first one will be.
local function whenFree(slots, now, lease)
  clampLeases(slots .. ':s', now, 2 * lease + AHEAD_MS, lease)
  return firstFree(slots, now)
end

local function freeStarts(g, now, lease, holder)
  if g.pause > now then return 0, g.pause, 'pause' end
  g.held = countHeld(g.k, now)
  g.asking = holder and 0 or countAsking(g.k, now)
  local own = holder and redis.call('ZSCORE', g.k .. ':s', holder) and 1 or 0
  local taken = g.held + g.asking - own
  if taken >= g.concurrency then return 0, whenFree(g.k, now, lease), 'full' end
  local free = g.concurrency - taken
  if g.server then
    local others = countHeld(g.server, now) - own
    if others >= g.perServer then return 0, whenFree(g.server, now, lease), 'server' end
    free = math.min(free, g.perServer - others)
  end
  if g.next > now and g.pend and g.pend ~= holder then return 0, math.min(g.next, now + 10), 'time' end
  if not g.timed then
    if g.next > now then return 0, g.next, 'time' end
    return free, now, ''
  end
  local at = math.max(now, g.tat, g.pend == holder and now or g.next)
  if at > now + AHEAD_MS then return 0, at - AHEAD_MS + 2, 'time' end
  return 1, at, ''
end
