-- Notes that a time of a limiter key (NS:k:KEY) is written now. To be called before it is.
--- include politeness/lua/limiter/end-jump-back.lua
local function noteTime(k, now)
  if not endJumpBack(k, redis.call('HGET', k, 'wrote'), now) then redis.call('HSET', k, 'wrote', now) end
end
