-- The most exact pattern of a crawl's `hosts` for a limiter key: the name with its port, the name,
-- *.its.parents, *.
local function patternOf(limits, key)
  if limits[key] then return limits[key] end
  local name, port = string.match(key, '^(.*)(:%d+)$')
  name, port = name or key, port or ''
  if limits[name] then return limits[name] end
  local rest = name
  while true do
    local dot = string.find(rest, '.', 1, true)
    if not dot then break end
    rest = string.sub(rest, dot + 1)
    local found = limits['*.' .. rest .. port] or limits['*.' .. rest]
    if found then return found end
  end
  return limits['*' .. port] or limits['*'] or {}
end
