-- The claim of an open request (a decimal); nil if it is not open.
local function readClaim(c, id)
  local open = redis.call('HGET', c .. ':open', id)
  return open and string.match(open, '^%d+') or nil
end
