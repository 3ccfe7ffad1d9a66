-- The holders, up to 1,000, have a slot each of a limiter key (NS:k:KEY) or of a server (NS:server:SERVER)
-- until `untilMs`, unless it is renewed or given back.
local function holdSlots(slots, holders, untilMs, lease)
  local args, ending = {}, string.format('%.17g', untilMs)
  for i, holder in ipairs(holders) do args[2 * i - 1], args[2 * i] = ending, holder end
  redis.call('ZADD', slots .. ':s', unpack(args))
  redis.call('PEXPIRE', slots .. ':s', lease * 2)
end
