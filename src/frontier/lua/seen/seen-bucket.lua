-- Which bucket of the seen set a fingerprint (a signed decimal) is in, of so many; `level` is the power of
-- two at or below that.
local function seenBucket(fingerprint, buckets, level)
  local h = tonumber(string.sub(fingerprint, -9))
  local b = h % (level * 2)
  if b >= buckets then b = h % level end
  return b
end
