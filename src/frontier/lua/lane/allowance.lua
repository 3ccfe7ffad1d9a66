--[[
  How many requests a lane gives now. `g` is the gate of its limiter key. `dispatch` has now, lease (ms) and
  isHungry (the consumers have nothing else to do). `notDue` is how many may be looked at without a slot
  (request/not-due-of.lua), whatever the gate says: it is not asked about a page that is not due. Returns a
  table. Either it has `most` and `start`, how
  they start: 'fetch' (as many as are `free`), 'ahead' or 'ask', with `at`, when the first of a key with a
  clock may start. Or `most` is 0; then `due` is when the lane is due again (ms), and `waitsFor` is the
  limiter key or server (as NS:k:KEY or NS:server:SERVER) for whose slot it waits, if it waits for one.
]]
--- include politeness/lua/gate/free-starts.lua
-- A request of a key with a clock leaves its lane this long before it may start, because the way to a
-- consumer takes some of it.
local LEAD_MS = 30
-- How long a slot takes from one fetch to the next through the queue. A request that waits for the slot in a
-- consumer saves that time.
local WAY_MS = 30
-- A lane of a key with too many open requests waits this long for some to end.
local FULL_MS = 5000
-- Nobody knows yet to which server the key belongs. One request finds out, and the others wait this long.
local UNKNOWN_SERVER_MS = 1000
-- Another request has leave to start and may do so at any moment.
local PENDING_MS = 100

-- How many requests are sent ahead of their slots: as many as get a slot while the next one would be on its
-- way. A host with a small limit gets some only while the consumers have nothing else to do.
local function aheadOf(g, isHungry)
  if g.concurrency < 8 and not isHungry then return 0 end
  if not g.latency then return math.ceil(g.concurrency / 4) end
  return math.min(2 * g.concurrency + 2, math.ceil(g.concurrency * WAY_MS / math.max(g.latency, 1)))
end

local function wait(due, waitsFor)
  return { most = 0, due = due, waitsFor = waitsFor }
end

local function allowanceOfGate(g, open, cap, dispatch)
  local now, lease = dispatch.now, dispatch.lease
  if g.perServer and not g.serverName then
    if open > 0 then return wait(now + UNKNOWN_SERVER_MS) end
    return { most = 1, start = 'ask', at = now + UNKNOWN_SERVER_MS, free = 0 }
  end
  local free, untilMs, why = freeStarts(g, now, lease)
  if why == 'pause' then return wait(untilMs) end
  if why == 'server' then return wait(math.min(untilMs, now + lease), g.server) end
  if not g.timed then
    local most = math.min(free, cap - open)
    if why == '' or why == 'full' then most = math.max(most, math.min(cap, g.concurrency + aheadOf(g, dispatch.isHungry)) - open) end
    if most > 0 then return { most = most, start = 'fetch', at = 0, free = free } end
    if why == 'full' then return wait(math.min(untilMs, now + lease), g.k) end
    return wait(untilMs)
  end
  -- One request that waits in a consumer for its time is enough, or as many as start within the lead.
  local step = math.max(g.delay, g.interval)
  local startMs = math.max(now, g.tat, g.next)
  if g.pend and g.next > now then return wait(now + math.min(step, PENDING_MS)) end
  if startMs > now + LEAD_MS then return wait(startMs - LEAD_MS) end
  local most = math.min(1 + math.floor(LEAD_MS / step), g.concurrency + 1 - g.held, cap - open) - g.asking
  if most > 0 then return { most = most, start = 'ask', at = startMs, free = 0 } end
  return wait(g.asking > 0 and startMs + step or math.min(untilMs, now + lease), g.k)
end

local function allowanceOf(g, open, dispatch, notDue)
  local cap = g.concurrency * 4 + 16
  if open >= cap then return wait(dispatch.now + FULL_MS, g.k) end
  local allowance = allowanceOfGate(g, open, cap, dispatch)
  local most = math.min(notDue, cap) - open
  if most <= allowance.most then return allowance end
  return { most = most, start = g.timed and 'ask' or 'ahead', at = 0, free = 0 }
end
