--[[
  Opens dead requests again, with their crawl's counters. The job in the failed set is retried by the caller; if it dies before, the
  frontier is mended by the next consumer.
    KEYS[1] any key of the shard  ·  ARGV 1 NS, then four each: crawl, id, limiter key, packed request
  Answers per request 1 (open again) or 0 (it was not dead).
]]
local ns = ARGV[1]
local answers = {}
for i = 2, #ARGV, 4 do
  local crawl, id, key, packed = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local c = ns .. ':c:' .. crawl
  local dead = redis.call('HGET', c .. ':dead', id)
  local state = redis.call('HGET', c, 'state')
  if dead and state ~= 'cancelled' then
    local take, code = string.match(dead, '^(%d+)\31(%S+)')
    redis.call('HDEL', c .. ':dead', id)
    redis.call('HSET', c .. ':open', id, (tonumber(take) + 1) .. '\31' .. packed)
    redis.call('HINCRBY', c .. ':n', key, 1)
    redis.call('HINCRBY', c, 'dead', -1)
    if redis.call('HINCRBY', c, 'e:' .. code, -1) <= 0 then redis.call('HDEL', c, 'e:' .. code) end
    if state == 'finished' then redis.call('HSET', c, 'state', 'running') end
    if state ~= 'paused' then redis.call('ZADD', ns .. ':active', 'NX', 0, crawl) end
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = 0
  end
end
return answers
