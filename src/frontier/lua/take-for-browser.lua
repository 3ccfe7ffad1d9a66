--[[
  Takes the job that has waited longest for a browser, for a consumer that has a place for its page. The job
  is delayed in the queue meanwhile; what is not any more is left to whoever has it.

  KEYS[1]  NS:renders
  ARGV[1]  NS
  ARGV[2]  token of the job's lock
  ARGV[3]  how long the lock holds (ms)
  Answers  the job's id, or nil when none waits

  NS:renders (ZSET) jobs that wait for a browser, by since when (ms)
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/count-for-browser.lua
local ns, token, lockMs = ARGV[1], ARGV[2], ARGV[3]
local MOST_TRIED = 50
for _ = 1, MOST_TRIED do
  local job = redis.call('ZPOPMIN', KEYS[1])[1]
  if not job then return false end
  countForBrowser(ns, job, -1)
  if redis.call('ZREM', ns .. ':requests:delayed', job) == 1 then
    -- As BullMQ's moveToActive does it, for a job that it would not choose.
    redis.call('LPUSH', ns .. ':requests:active', job)
    redis.call('SET', ns .. ':requests:' .. job .. ':lock', token, 'PX', lockMs)
    redis.call('HSET', ns .. ':requests:' .. job, 'processedOn', redisTime(), 'delay', 0)
    redis.call('HINCRBY', ns .. ':requests:' .. job, 'ats', 1)
    return job
  end
end
return false
