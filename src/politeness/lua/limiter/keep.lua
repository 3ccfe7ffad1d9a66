-- How long NS:k:KEY is kept. Times and figures are forgotten some time after their last use; limits that
-- somebody set stay.
local DAY = 86400000

local function gateKeep(k, ms)
  local ttl = redis.call('PTTL', k)
  if ttl < ms and redis.call('HEXISTS', k, 'keep') == 0 then redis.call('PEXPIRE', k, math.ceil(ms)) end
end
