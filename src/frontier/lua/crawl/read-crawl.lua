--[[
  Reads what scripts must know about a crawl: its state, the priorities of its lanes, whether it has replayed
  requests, and the limits and settings that the gate follows (politeness/lua/gate/read-gate.lua).
    NS:c:CRAWL (HASH), as crawl/lua/begin.lua writes it
]]
local function readCrawl(c)
  local state, perHost, delay, hostLimits, adaptive, perServer, priorities, ignoreRobots, replayed, clockAhead, onlyDue, forBrowser, linksOut =
    unpack(redis.call('HMGET', c, 'state', 'perHost', 'delay', 'hostLimits', 'adaptive', 'perServer', 'priorities', 'ignoreRobots', 'replayed', 'clockAhead', 'onlyDue', 'forBrowser', 'out'))
  return {
    state = state, perHost = tonumber(perHost) or 2, delay = tonumber(delay) or 0,
    hostLimits = hostLimits and hostLimits ~= '' and cjson.decode(hostLimits) or nil,
    adaptive = adaptive ~= '0', perServer = tonumber(perServer), priorities = priorities or '0',
    ignoreRobots = ignoreRobots == '1', replayed = replayed == '1', ahead = tonumber(clockAhead) or 0,
    onlyDue = onlyDue == '1', forBrowser = tonumber(forBrowser) or 0, linksOut = tonumber(linksOut) or 0,
  }
end
