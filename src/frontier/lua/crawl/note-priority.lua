-- Lanes of this priority may hold something from now on. `priorities`: those of which that was known, a digit
-- each. Answers them all.
local function notePriority(c, priorities, priority)
  if string.find(priorities, priority, 1, true) then return priorities end
  redis.call('HSET', c, 'priorities', priorities .. priority)
  return priorities .. priority
end
