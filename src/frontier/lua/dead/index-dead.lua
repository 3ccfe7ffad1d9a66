-- Notes a dead letter in the index beside BullMQ's failed set. `group` is `CODE US HOST`.
-- NS:dead:g:GROUP (ZSET) job id by time of death (ms)
-- NS:dead:groups (ZSET) groups by their last death
local function indexDead(ns, group, job, now)
  redis.call('ZADD', ns .. ':dead:g:' .. group, now, job)
  redis.call('ZADD', ns .. ':dead:groups', now, group)
end
