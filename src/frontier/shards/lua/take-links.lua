--[[
  Reads the links of a page: the list of its own shard (lane/add.lua), and behind it for each other one
  FS SHARD FS LIST (FS 0x1c). Adds those of other shards to `lists`, by shard. Returns the list of its own.
]]
local function takeLinks(links, lists)
  local at = string.find(links, '\28', 1, true)
  if not at then return links end
  for shard, list in string.gmatch(string.sub(links, at), '\28(%d+)\28([^\28]*)') do
    local ofShard = lists[shard] or {}
    lists[shard] = ofShard
    ofShard[#ofShard + 1] = list
  end
  return string.sub(links, 1, at - 1)
end
