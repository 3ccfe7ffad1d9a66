--[[
  Puts the links of a page to hosts of other shards into the outbox of its shard, in the step that ends or
  follows the page. `links`: the list of its own shard (lane/add.lua), and behind it for each other one
  FS SHARD FS LIST (FS 0x1c). Returns the list of its own shard, and SHARD, ID, SHARD, ID, … of what is sent.
    NS:out:SHARD (STREAM) links to that shard: crawl, list; until it has acknowledged them (ack-links.lua)
    NS:c:CRAWL, its field out: how many are not acknowledged. The crawl does not end before
]]
local function sendLinks(ns, crawl, links)
  local at = string.find(links, '\28', 1, true)
  if not at then return links, {} end
  local sent = {}
  for shard, list in string.gmatch(string.sub(links, at), '\28(%d+)\28([^\28]*)') do
    local n = #sent
    sent[n + 1], sent[n + 2] = shard, redis.call('XADD', ns .. ':out:' .. shard, '*', 'crawl', crawl, 'list', list)
  end
  redis.call('HINCRBY', ns .. ':c:' .. crawl, 'out', #sent / 2)
  return string.sub(links, 1, at - 1), sent
end
