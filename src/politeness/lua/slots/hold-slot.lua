-- The holder has a slot of a limiter key (NS:k:KEY) or of a server (NS:server:SERVER) until `untilMs`, unless
-- it is renewed or given back.
local function holdSlot(slots, holder, untilMs, lease)
  redis.call('ZADD', slots .. ':s', untilMs, holder)
  redis.call('PEXPIRE', slots .. ':s', lease * 2)
end
