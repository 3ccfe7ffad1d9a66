-- Removes from the index what is no longer a dead letter (index-dead.lua).
local function unindexDead(ns, group, job)
  redis.call('ZREM', ns .. ':dead:g:' .. group, job)
  if redis.call('EXISTS', ns .. ':dead:g:' .. group) == 0 then redis.call('ZREM', ns .. ':dead:groups', group) end
end
