-- Gives back slots of a limiter key (and of their server). Lanes that wait for them are looked at again.
--- include politeness/lua/slots/give-back-slots.lua
--- include frontier/lua/lane/wake-lanes.lua
local function release(ns, key, holders, server, now)
  local crawls, lanes = giveBackSlots(ns, key, holders, server)
  wakeLanes(ns, crawls, key, now)
  if not lanes then return end
  for _, lane in ipairs(lanes) do
    local crawl, waiting = string.match(lane, '^(.*)\31(.*)$')
    wakeLanes(ns, { crawl }, waiting, now)
  end
end
