-- Takes the next entry from the lanes of a limiter key, the highest priority first; nil when they are empty.
-- NS:c:CRAWL:lPRIORITY:KEY (LIST) entries as src/frontier/entry.ts packs them
local function popLane(c, key, priorities)
  for priority = 9, 0, -1 do
    if string.find(priorities, tostring(priority), 1, true) then
      local entry = redis.call('LPOP', c .. ':l' .. priority .. ':' .. key)
      if entry then return entry end
    end
  end
end
