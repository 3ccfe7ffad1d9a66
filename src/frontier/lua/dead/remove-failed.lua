-- Takes a failed job out of the queue, as BullMQ's own removal does for a job without children; false if it
-- is not failed.
local function removeFailed(ns, job)
  if redis.call('ZREM', ns .. ':requests:failed', job) == 0 then return false end
  redis.call('DEL', ns .. ':requests:' .. job, ns .. ':requests:' .. job .. ':logs')
  return true
end
