-- Removes what is left of the part of a crawl on a shard.
local function removePart(c)
  redis.call('UNLINK', c, c .. ':open', c .. ':n', c .. ':dead', c .. ':replayed', c .. ':hosts', c .. ':seeds', c .. ':producers', c .. ':accepts', c .. ':due', c .. ':not-due', c .. ':jars', c .. ':sessions', c .. ':parked')
end
