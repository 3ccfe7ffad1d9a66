--[[
  Keeps seeds that were added, so that the crawl can be crawled again without them. `block`: the seeds of the
  batch (src/frontier/seed-block.ts); `share`: how much of the batch was new. When that is little, only the
  new ones are kept, in the block's form in text: a list that is offered again and again, with a few new
  lines, would be kept as often. When the seeds take more than the crawl may keep, none are kept any more.
    NS:c:CRAWL:seeds (STRING) blocks in the order in which they were offered, each as LENGTH:BLOCK. In a list,
    each would cost 0.2 ms, because Redis would try to compress it once more.
]]
--- include frontier/lua/lane/expand-entry.lua
local LITTLE = 0.25

local function keepSeeds(c, block, lanes, share)
  local most, former = unpack(redis.call('HMGET', c, 'keepSeeds', 'former'))
  -- A crawl that a former version began has no such field: it may have seeds that were not kept.
  if not most or most == '0' then return end
  if share < LITTLE then
    local seeds = {}
    for _, lane in ipairs(lanes) do
      for _, entry in ipairs(lane.entries) do seeds[#seeds + 1] = expandEntry(entry, lane.key) end
    end
    block = table.concat(seeds, '\30')
  end
  block = #block .. ':' .. block
  if redis.call('STRLEN', c .. ':seeds') + #block > tonumber(most) then
    redis.call('HSET', c, 'keepSeeds', 0)
    -- A crawl that was begun again offers its own.
    if not former then redis.call('UNLINK', c .. ':seeds') end
    return
  end
  redis.call('APPEND', c .. ':seeds', block)
end
