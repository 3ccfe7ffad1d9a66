-- Removes a failed job from the queue, as BullMQ itself removes a job without children. False if the job is
-- not failed.
local function removeFailed(ns, job)
  if redis.call('ZREM', ns .. ':requests:failed', job) == 0 then return false end
  redis.call('DEL', ns .. ':requests:' .. job, ns .. ':requests:' .. job .. ':logs')
  return true
end
