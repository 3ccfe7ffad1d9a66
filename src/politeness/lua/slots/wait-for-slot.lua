-- Notes who must hear that a slot of a limiter key (NS:k:KEY) or of a server (NS:server:SERVER) came free.
-- `who` is a name that the caller chooses.
local function waitForSlot(slots, who)
  redis.call('SADD', slots .. ':w', who)
end
