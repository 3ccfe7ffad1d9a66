-- How many requests of a crawl have not ended, from the counters as Redis stores them.
local function waitingOf(accepted, recorded, refused, dead)
  return (tonumber(accepted) or 0) - (tonumber(recorded) or 0) - (tonumber(refused) or 0) - (tonumber(dead) or 0)
end
