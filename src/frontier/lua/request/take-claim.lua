-- Takes over an open request, with the claim and packed request from readOpen: older claims can change
-- nothing any more. Returns the new claim.
local function takeClaim(c, id, claim, packed)
  local newer = tonumber(claim) + 1
  redis.call('HSET', c .. ':open', id, newer .. '\31' .. packed)
  return newer
end
