-- The answer of a script that steers a crawl: {state now ('' when there is no such crawl), 1 if this call
-- changed it, requests in its lanes}.
--- include frontier/lua/crawl/waiting-of.lua
local function describeSteered(c, before, state)
  local accepted, recorded, refused, dead = unpack(redis.call('HMGET', c, 'accepted', 'recorded', 'refused', 'dead'))
  local inLanes = waitingOf(accepted, recorded, refused, dead) - redis.call('HLEN', c .. ':open')
  return { state, state ~= before and 1 or 0, inLanes }
end
