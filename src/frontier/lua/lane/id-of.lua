-- The id of a packed request with this URL. It is named there when it does not follow from the URL
-- (src/url/fingerprint.ts).
local function idOf(packed, url)
  if string.byte(packed) ~= 31 then return string.match(packed, '^[^\31]*') end
  return string.sub(redis.sha1hex(url), 1, 16)
end
