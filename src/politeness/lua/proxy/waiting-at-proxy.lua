-- The consumers that wait for a place at a proxy (NS:proxy:PROXY), in the order in which they began to. Those
-- that did not ask again in time are forgotten.
-- NS:proxy:PROXY:q (HASH) consumer to `SINCE UNTIL` (ms)
local function waitingAtProxy(proxy, now)
  local order, since = {}, {}
  local all = redis.call('HGETALL', proxy .. ':q')
  for i = 1, #all, 2 do
    local began, ends = string.match(all[i + 1], '^(%d+) (%d+)$')
    -- Since further on than now: the clock of Redis has gone back.
    if tonumber(ends) > now and tonumber(began) <= now then
      order[#order + 1], since[all[i]] = all[i], tonumber(began)
    else
      redis.call('HDEL', proxy .. ':q', all[i])
    end
  end
  table.sort(order, function(a, b)
    if since[a] ~= since[b] then return since[a] < since[b] end
    return a < b
  end)
  return order, since
end
