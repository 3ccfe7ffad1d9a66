-- The bucket of the seen set that holds a fingerprint (a signed decimal). `level` is the largest power of two
-- that is not above `buckets`.
local function seenBucket(fingerprint, buckets, level)
  local h = tonumber(string.sub(fingerprint, -9))
  local b = h % (level * 2)
  if b >= buckets then b = h % level end
  return b
end
