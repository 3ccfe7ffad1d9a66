--[[
  Stores the settings of a crawl at home as a fleet with so many shards has them. To do it again changes
  nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  how many shards there are
  Answers  1
]]
--- include crawl/lua/begin/store-settings.lua
local ns, crawl, shards = ARGV[1], ARGV[2], tonumber(ARGV[3])
local c = ns .. ':c:' .. crawl
local settings = redis.call('HGET', c, 'settings')
if settings then storeSettings(c, cjson.decode(settings), shards) end
if shards > 1 then redis.call('HSET', c, 'shards', shards) else redis.call('HDEL', c, 'shards') end
return 1
