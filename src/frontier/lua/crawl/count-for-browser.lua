--[[
  Counts a job of a crawl that waits for a browser, or does no more. A crawl that is gone needs no count.
    NS:c:CRAWL (HASH), its field forBrowser
]]
local function countForBrowser(ns, job, more)
  local c = ns .. ':c:' .. (string.match(job, '^(.*)%.[^.]*$') or '')
  if redis.call('EXISTS', c) == 0 then return end
  if redis.call('HINCRBY', c, 'forBrowser', more) < 0 then redis.call('HDEL', c, 'forBrowser') end
end
