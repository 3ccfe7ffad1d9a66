-- Notes who is to hear that a slot of a limiter key (NS:k:KEY) or a server (NS:server:SERVER) came free: a
-- name that says something to the caller.
local function waitForSlot(slots, who)
  redis.call('SADD', slots .. ':w', who)
end
