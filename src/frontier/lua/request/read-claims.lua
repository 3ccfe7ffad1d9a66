-- Fills in the claims of up to 1,000 requests of a crawl, whose ids are the keys of `claims`: a decimal for
-- each that is open.
local function readClaims(c, claims)
  local ids = {}
  for id in pairs(claims) do ids[#ids + 1] = id end
  for i, open in ipairs(redis.call('HMGET', c .. ':open', unpack(ids))) do
    if open then claims[ids[i]] = string.match(open, '^%d+') end
  end
end
