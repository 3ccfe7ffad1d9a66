-- A slot of a limiter key (NS:k:KEY) or a server (NS:server:SERVER) is the holder's until then, unless it is
-- renewed or given back.
local function holdSlot(slots, holder, untilMs, lease)
  redis.call('ZADD', slots .. ':s', untilMs, holder)
  redis.call('PEXPIRE', slots .. ':s', lease * 2)
end
