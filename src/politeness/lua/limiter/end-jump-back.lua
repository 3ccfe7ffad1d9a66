--[[
  The clock of Redis may go back, as after a failover to another machine. All times of a limiter key then lie
  too far ahead. `wrote` is when one of them was last written; if it lies ahead of now, all of them are moved
  back by as much, so that what remained then remains now.
    NS:k:KEY (HASH) wrote (ms)
]]
local BACK_FROM_MS = 100
local TIMES = { 'next', 'tat', 'pause', 'pauseSince', 'hintUntil', 'hintSince', 'paceSince', 'pacedAt', 'heardAt', 'refusedAt',
  'refusedSince', 'crawlSince' }

-- Returns whether they were moved.
local function endJumpBack(k, wrote, now)
  local back = (tonumber(wrote) or 0) - now
  if back < BACK_FROM_MS then return false end
  local moved = { 'wrote', now }
  for i, text in ipairs(redis.call('HMGET', k, unpack(TIMES))) do
    local at = tonumber(text)
    if at and at > 0 then
      moved[#moved + 1] = TIMES[i]
      moved[#moved + 1] = string.format('%.3f', at - back)
    end
  end
  redis.call('HSET', k, unpack(moved))
  return true
end
