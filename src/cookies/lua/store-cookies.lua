--[[
  Keeps the cookies that an answer has set in one jar of a crawl, and tells the other processes. A cookie that
  is set again keeps the time of its creation (RFC 6265bis section 5.7). Beyond the limits of the jar, expired
  cookies are forgotten first, then those that were used longest ago. Several processes may call it at once.

  KEYS[1]  NS:c:CRAWL:jar:JAR
  ARGV[1]  NS
  ARGV[2]  crawl
  ARGV[3]  jar
  ARGV[4]  who calls: it reads its own notice without asking again
  ARGV[5]  most cookies of a jar
  ARGV[6]  most bytes of a jar
  ARGV[7]  most jars of the crawl
  ARGV[8]  most bytes of all of them
  ARGV[9]  a session of which only the newest login may set cookies; '' for any fetch
  ARGV[10] 'fence': the session is being logged in; 'login': it was, and is not logged out
  ARGV[11] the fence of that login, or its number
  ARGV[12] and every third one after it: a cookie, DOMAIN;PATH;NAME
  ARGV[13] …: when it expires (ms), 0 for never, -1 when it is gone, '' when it was sent lately
  ARGV[14] …: its text, or ''
  Answers  'kept'; 'evicted' (others went for it); 'full' (the crawl keeps no more); 'ended' (the crawl, the
           session or the login has: nothing is kept)

  NS:c:CRAWL:jar:JAR (HASH) cookies, each CREATED US USED US EXPIRES US TEXT, with times in ms
  NS:c:CRAWL:jars (ZSET) the jars of the crawl, in the order in which they were begun
]]
--- include lua/clock.lua
local US = '\31'
local ns, crawl, jar, sender = unpack(ARGV, 1, 4)
local mostCookies, mostJarBytes, mostJars, mostBytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local loggedIn, by, number = unpack(ARGV, 9, 11)
local c = ns .. ':c:' .. crawl
local j = c .. ':jar:' .. jar
local state, held = unpack(redis.call('HMGET', c, 'state', 'jarBytes'))
if not state or state == 'cancelled' then return 'ended' end
-- A session that was retired keeps nothing any more, nor does a login that is another's meanwhile.
local session = string.match(jar, '^(.*)@')
if session then
  local name, gen = string.match(session, '^(.*)%.(%d+)$')
  local newest = redis.call('HGET', c .. ':sessions', (name or session) .. ' gen') or '1'
  if newest ~= (gen or '1') then return 'ended' end
end
if by ~= '' then
  local newest, out = unpack(redis.call('HMGET', c .. ':sessions', loggedIn .. ' ' .. by, loggedIn .. ' out'))
  if newest ~= number or by == 'login' and out then return 'ended' end
end
redis.call('PUBLISH', ns .. ':cookies', sender .. US .. crawl .. US .. jar)
local now, room, grown, answer = redisTime(), mostBytes - (tonumber(held) or 0), 0, 'kept'
if not redis.call('ZSCORE', c .. ':jars', jar) then
  if room <= 0 or redis.call('ZCARD', c .. ':jars') >= mostJars then return 'full' end
  redis.call('ZADD', c .. ':jars', redis.call('HINCRBY', c, 'jars', 1), jar)
end

local function drop(field, entry)
  redis.call('HDEL', j, field)
  grown = grown - #field - #entry
end

for i = 12, #ARGV, 3 do
  local field, expires, text = unpack(ARGV, i, i + 2)
  local entry = redis.call('HGET', j, field)
  if expires == '-1' then
    if entry then drop(field, entry) end
  elseif expires == '' then
    if entry then
      local created, rest = string.match(entry, '^(%d+)' .. US .. '%d+(.*)$')
      redis.call('HSET', j, field, created .. US .. now .. rest)
    end
  else
    local created = entry and string.match(entry, '^%d+') or now
    local value = created .. US .. now .. US .. expires .. US .. text
    local more = entry and #value - #entry or #value + #field
    if more > 0 and grown + more > room then
      answer = 'full'
    else
      redis.call('HSET', j, field, value)
      grown = grown + more
    end
  end
end

-- A few cookies cannot reach the limit of bytes.
if redis.call('HLEN', j) > math.min(mostCookies, 18) then
  local all, cookies, bytes = redis.call('HGETALL', j), {}, 0
  for i = 1, #all, 2 do
    local used, expires = string.match(all[i + 1], '^%d+' .. US .. '(%d+)' .. US .. '(%d+)')
    local isOver = expires ~= '0' and tonumber(expires) <= now
    cookies[#cookies + 1] = { field = all[i], entry = all[i + 1], rank = isOver and 0 or tonumber(used) }
    bytes = bytes + #all[i] + #all[i + 1]
  end
  table.sort(cookies, function(a, b) return a.rank < b.rank end)
  local left = #cookies
  for _, cookie in ipairs(cookies) do
    if left <= mostCookies and bytes <= mostJarBytes then break end
    drop(cookie.field, cookie.entry)
    left, bytes, answer = left - 1, bytes - #cookie.field - #cookie.entry, 'evicted'
  end
end
if grown ~= 0 then redis.call('HINCRBY', c, 'jarBytes', grown) end
return answer
