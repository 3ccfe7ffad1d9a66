-- Notes that lanes of this priority may hold something from now on. `priorities`: those that were known, a
-- digit each. Returns all of them.
local function notePriority(c, priorities, priority)
  if string.find(priorities, priority, 1, true) then return priorities end
  redis.call('HSET', c, 'priorities', priorities .. priority)
  return priorities .. priority
end
