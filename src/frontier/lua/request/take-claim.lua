-- Takes an open request over, of which readOpen told claim and packed: older claims may change nothing any
-- more. Answers the new claim.
local function takeClaim(c, id, claim, packed)
  local newer = tonumber(claim) + 1
  redis.call('HSET', c .. ':open', id, newer .. '\31' .. packed)
  return newer
end
