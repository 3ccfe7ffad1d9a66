--[[
  Puts links to hosts of other shards into the outbox of their shard, in the step that ends or follows their
  pages. `lists`: as takeLinks gives them; those of one shard go together. Returns {SHARD, ID, SHARD, ID, …}.
    NS:out:SHARD (STREAM) links to that shard: crawl, list; until it has acknowledged them (ack-links.lua)
    NS:c:CRAWL, its field out: how many of these are not acknowledged. The crawl does not end before
]]
local function sendLinks(ns, crawl, lists)
  local sent = {}
  for shard, ofShard in pairs(lists) do
    local id = redis.call('XADD', ns .. ':out:' .. shard, '*', 'crawl', crawl, 'list', table.concat(ofShard))
    local n = #sent
    sent[n + 1], sent[n + 2] = shard, id
  end
  if #sent > 0 then redis.call('HINCRBY', ns .. ':c:' .. crawl, 'out', #sent / 2) end
  return sent
end
