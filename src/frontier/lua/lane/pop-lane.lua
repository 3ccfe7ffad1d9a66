-- Takes the next entries from the lanes of a limiter key, up to `most`, those of the highest priority first.
-- Fewer when the lanes hold no more.
-- NS:c:CRAWL:lPRIORITY:KEY (LIST) entries as src/frontier/entry.ts packs them
local function popLane(c, key, priorities, most)
  local entries = {}
  for priority = 9, 0, -1 do
    if #entries < most and string.find(priorities, priority, 1, true) then
      local popped = redis.call('LPOP', c .. ':l' .. priority .. ':' .. key, most - #entries) or {}
      for _, entry in ipairs(popped) do entries[#entries + 1] = entry end
    end
  end
  return entries
end
