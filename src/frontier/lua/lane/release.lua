-- Gives back a slot (and that of its server). Lanes that wait for it are looked at again.
--- include politeness/lua/slots/give-back-slot.lua
--- include frontier/lua/lane/wake-lanes.lua
local function release(ns, key, holder, server, now)
  local crawls, lanes = giveBackSlot(ns, key, holder, server)
  wakeLanes(ns, crawls, key, now)
  if not lanes then return end
  for _, lane in ipairs(lanes) do
    local crawl, waiting = string.match(lane, '^(.*)\31(.*)$')
    wakeLanes(ns, { crawl }, waiting, now)
  end
end
