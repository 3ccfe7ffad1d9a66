--[[
  Who takes part, and who did in the last minutes.

  KEYS[1]  NS:members
  ARGV[1]  NS
  Answers  JSON: `now`, the time of Redis (ms), and `members`, an array of {consumer, seen, standing, left,
           alive}: the time of the last heartbeat (ms), its JSON text, whether the consumer has left, and
           whether its lease still holds
]]
--- include lua/clock.lua
local ns = ARGV[1]
local now = redisTime()
local alive = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', ns .. ':consumers', '(' .. now, '+inf')) do
  alive[string.match(member, '^(.*)|%d+$')] = true
end
local out = {}
local members = redis.call('ZRANGE', ns .. ':members', 0, -1, 'WITHSCORES')
for i = 1, #members, 2 do
  local consumer = members[i]
  local told = redis.call('HMGET', ns .. ':heartbeat:' .. consumer, 'standing', 'left')
  if told[1] then
    out[#out + 1] = {
      consumer = consumer,
      seen = tonumber(members[i + 1]),
      standing = told[1],
      left = told[2] == '1',
      alive = alive[consumer] == true,
    }
  end
end
return cjson.encode({ now = now, members = #out > 0 and out or cjson.null })
