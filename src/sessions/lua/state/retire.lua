-- Retires this generation of a session: its cookies go, and the next one begins without. Returns the number
-- of that one.
local function retireSession(c, name, gen)
  local s = c .. ':sessions'
  redis.call('HSET', s, name .. ' gen', gen + 1)
  for _, field in ipairs({ 'uses', 'login', 'out', 'fails', 'why', 'until', 'vain', 'proved' }) do
    redis.call('HDEL', s, name .. ' ' .. field)
  end
  local ofSession = (gen == 1 and name or name .. '.' .. gen) .. '@'
  local bytes = 0
  for _, jar in ipairs(redis.call('ZRANGE', c .. ':jars', 0, -1)) do
    if string.sub(jar, 1, #ofSession) == ofSession then
      for _, part in ipairs(redis.call('HGETALL', c .. ':jar:' .. jar)) do bytes = bytes + #part end
      redis.call('UNLINK', c .. ':jar:' .. jar)
      redis.call('ZREM', c .. ':jars', jar)
    end
  end
  if bytes > 0 then redis.call('HINCRBY', c, 'jarBytes', -bytes) end
  return gen + 1
end
