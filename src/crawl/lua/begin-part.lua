--[[
  Begins the part of a crawl on a shard that is not home, or gives it other settings. The crawl has begun at
  home. To do it again changes nothing.

  KEYS[1]  NS:c:CRAWL
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  how many shards there are
  ARGV[4]  token of its records: a part with another one is what is left of a forgotten crawl
  ARGV[5]  settings (JSON)
  ARGV[6]  how many bytes of seeds it may keep
  ARGV[7]  the run before it, as home keeps it; '' for none
  ARGV[8]  that run, if a new part has its seeds; else ''
  Answers  what it has been granted of the crawl's limit; 0 when that has none
]]
--- include crawl/lua/begin/store-settings.lua
local ns, crawl, shards, token, text, keepSeeds, former, seedsOf = unpack(ARGV)
local c = ns .. ':c:' .. crawl
if redis.call('HGET', c, 'token') ~= token then
  redis.call('HSET', c, 'state', 'finished', 'token', token, 'priorities', '0', 'keepSeeds', keepSeeds, 'part', '1')
  if former ~= '' then redis.call('HSET', c, 'former', former) end
  if seedsOf ~= '' then redis.call('COPY', ns .. ':c:' .. seedsOf .. ':seeds', c .. ':seeds') end
end
storeSettings(c, cjson.decode(text), tonumber(shards))
return tonumber(redis.call('HGET', c, 'granted')) or 0
