-- Splits the next bucket of a seen set (add.lua): members that hash to the new bucket move there. Returns the
-- new number of buckets and the level.
local function splitBucket(c, buckets, level)
  local from, to = c .. ':s:' .. (buckets - level), c .. ':s:' .. buckets
  local members = redis.call('SMEMBERS', from)
  local moved = {}
  for _, fingerprint in ipairs(members) do
    if tonumber(string.sub(fingerprint, -9)) % (level * 2) == buckets then moved[#moved + 1] = fingerprint end
  end
  for i = 1, #moved, 500 do
    local last = math.min(i + 499, #moved)
    redis.call('SADD', to, unpack(moved, i, last))
    redis.call('SREM', from, unpack(moved, i, last))
  end
  return buckets + 1, buckets + 1 == level * 2 and level * 2 or level
end
