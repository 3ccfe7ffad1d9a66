--[[
  The index of dead letters beside BullMQ's failed set: NS:dead:g:GROUP (ZSET) job id by time of death (ms), NS:dead:groups (ZSET) groups by
  their last death. GROUP is `CODE US HOST`.
]]
local function indexDead(ns, group, job, now)
  redis.call('ZADD', ns .. ':dead:g:' .. group, now, job)
  redis.call('ZADD', ns .. ':dead:groups', now, group)
end

local function unindexDead(ns, group, job)
  redis.call('ZREM', ns .. ':dead:g:' .. group, job)
  if redis.call('EXISTS', ns .. ':dead:g:' .. group) == 0 then redis.call('ZREM', ns .. ':dead:groups', group) end
end

-- Takes a failed job out of the queue, as BullMQ's own removal does for a job without children; false if it is not failed.
local function removeFailed(ns, job)
  if redis.call('ZREM', ns .. ':requests:failed', job) == 0 then return false end
  local key = ns .. ':requests:' .. job
  redis.call('DEL', key, key .. ':logs')
  return true
end
