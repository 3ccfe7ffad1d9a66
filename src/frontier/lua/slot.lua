--[[
  Asks for the right to start one fetch: for a retry, a replay, a stalled job, a key with a clock, the target
  of a redirect, or robots.txt.

  KEYS[1]  NS:k:KEY
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  id; '' for a fetch that is no request, such as robots.txt
  ARGV[4]  limiter key
  ARGV[5]  holder
  ARGV[6]  lease (ms)
  ARGV[7]  '1' to take the request over (older claims can change nothing any more), else ''
  ARGV[8]  the server that the key belongs to, '' if the caller does not know ('-': it has none)
  ARGV[9]  how long the caller would wait (ms)
  ARGV[10] its name while it waits
  Answers  {'go', claim, ms until the start, delay (ms), interval of its rate (ms), server or ''}; {'later',
           ms, why (free-starts.lua)}; {'ended'}; {'dead', reason}; or {'which-server'}: ask again and
           name the server
]]
--- include lua/precise-clock.lua
--- include frontier/lua/request/read-open.lua
--- include frontier/lua/request/take-claim.lua
--- include frontier/lua/crawl/read-crawl.lua
--- include politeness/lua/gate/ask-gate.lua
local ns, crawl, id, key, holder, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local isTaken, server, patience, asker = ARGV[7] == '1', ARGV[8], tonumber(ARGV[9]), ARGV[10]
local c = ns .. ':c:' .. crawl
local now = preciseTime()
local claim, packed = '0', nil
if id ~= '' then
  claim, packed = readOpen(c, id)
  if not claim then
    local dead = redis.call('HGET', c .. ':dead', id)
    if dead then return { 'dead', string.match(dead, '^%d+\31(.*)$') } end
    return { 'ended' }
  end
end
local asked = { holder = holder, lease = lease, asker = asker, patience = patience, server = server }
local answer, at, more = askGate(ns, key, readCrawl(c), asked, now)
if answer == 'which-server' then return { answer } end
if answer == 'later' then return { answer, tostring(at - now), more } end
if isTaken and id ~= '' then claim = takeClaim(c, id, claim, packed) end
return { answer, tonumber(claim), tostring(at - now), tostring(more.delay), tostring(more.interval), more.server and more.serverName or '' }
