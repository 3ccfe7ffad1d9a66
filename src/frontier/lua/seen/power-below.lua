-- The largest power of two that is not above a number of buckets: the level of the seen set (add.lua).
local function powerBelow(buckets)
  local level = 1
  while level * 2 <= buckets do level = level * 2 end
  return level
end
