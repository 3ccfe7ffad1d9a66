--[[
  One question to the gate of a limiter key. The holder already has a request in hand. `asked` has these
  fields:
    holder, lease (ms)    the name for the slot, and how long it lasts unless it is renewed
    asker, patience (ms)  the caller's name while it waits, and how long it would wait
    server                the server that the key belongs to, '' if the holder does not know ('-': none)
  Answers 'go', when it may start (ms) and the gate; 'later', when to ask again (ms) and why
  (free-starts.lua); or 'which-server'.
]]
--- include politeness/lua/gate/read-gate.lua
--- include politeness/lua/gate/free-starts.lua
--- include politeness/lua/gate/take-start.lua
local ASKING_MS = 400
local LONGEST_ASKING_MS = 30000
local SERVER_KEPT_MS = 3600000

local function askGate(ns, key, crawl, asked, now)
  local k = ns .. ':k:' .. key
  if crawl.perServer and asked.server ~= '-' and redis.call('HEXISTS', k, 'server') == 0 then
    if asked.server == '' then return 'which-server' end
    redis.call('HSET', k, 'server', asked.server)
    gateKeep(k, SERVER_KEPT_MS)
  end
  local g = readGate(ns, key, crawl, now)
  local free, at, why = freeStarts(g, now, asked.lease, asked.holder)
  if free < 1 then
    local wait = why == 'full' and ASKING_MS or at - now
    if why ~= 'pause' and asked.patience > 0 then
      -- A caller that comes back in this time finds that the lanes have left a place for it.
      wait = math.max(ASKING_MS, math.ceil(math.min(wait, LONGEST_ASKING_MS)) + (wait <= asked.patience and 200 or 1500))
      redis.call('ZADD', k .. ':q', now + wait, asked.asker)
      redis.call('PEXPIRE', k .. ':q', wait * 2)
    end
    return 'later', at, why
  end
  redis.call('ZREM', k .. ':q', asked.asker)
  takeStart(g, at, asked.holder, asked.lease, now)
  return 'go', at, g
end
