--[[
  The lock under which one process of the fleet fetches a robots.txt. Taking it again (after a reconnect) renews it; it
  ends by itself when its holder has died. Answers 1 if the lock is (or was) the caller's, else 0.
    KEYS[1] the lock  ·  ARGV 1 the holder's token  2 how long it holds (ms), 0 to give it back
]]
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] ~= '0' then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif holder then
  redis.call('DEL', KEYS[1])
end
return 1
