--[[
  A consumer stops: it no longer counts, and the slots that it still holds are free.

  KEYS[1]  NS:consumers
  ARGV[1]  NS
  ARGV[2]  the consumer, as ID|CAPACITY
  ARGV[3]  and every third one after it: limiter key of a slot that it holds
  ARGV[4]  …: holder
  ARGV[5]  …: server or ''
  Answers  1
]]
local ns, consumer = ARGV[1], ARGV[2]
-- At a shard, its capacity changes: what it had told before is there until its lease ends.
local id = string.match(consumer, '^(.*)|')
for _, member in ipairs(redis.call('ZRANGE', ns .. ':consumers', 0, -1)) do
  if string.match(member, '^(.*)|') == id then redis.call('ZREM', ns .. ':consumers', member) end
end
for i = 3, #ARGV, 3 do
  local key, holder, server = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  redis.call('ZREM', ns .. ':k:' .. key .. ':s', holder)
  if server ~= '' then redis.call('ZREM', ns .. ':server:' .. server .. ':s', holder) end
end
return 1
