--[[
  Tells the run of a replay how a request ended that the run had brought back. `entry` is the value in
    NS:c:CRAWL:replayed (HASH) id to CLAIM US RUN, until the request ends
]]
local function tellReplay(ns, entry, kind)
  local run = ns .. ':replay:' .. string.match(entry, '\31(.*)$')
  if redis.call('EXISTS', run) == 1 then redis.call('HINCRBY', run, kind, 1) end
end
