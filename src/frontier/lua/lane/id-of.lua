-- The id of a packed request. It is named there when it does not follow from the URL
-- (src/url/fingerprint.ts).
local function idOf(packed)
  local given = string.match(packed, '^([^\31]*)\31')
  if given ~= '' then return given end
  return string.sub(redis.sha1hex(string.match(packed, '\31([^\31]*)$')), 1, 16)
end
