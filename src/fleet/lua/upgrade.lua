--[[
  Brings what a former version of drover left in a namespace to the format of this version, in one step, and
  stores that format. An empty namespace only gets the format. To do it again changes nothing.

  KEYS[1]  NS:format
  ARGV[1]  NS
  ARGV[2]  the format of this version
  Answers  the format that the namespace has now; that of a newer version stays as it is
]]
local ns, current = ARGV[1], tonumber(ARGV[2])
-- No format is stored: the namespace is empty, or was written by a version that knew no formats.
local format = tonumber(redis.call('GET', ns .. ':format') or '1')
if format >= current then return format end

-- When both names exist, both versions wrote them, one after the other.
local function renameSet(from, to)
  if redis.call('EXISTS', from) == 0 then return end
  redis.call('ZUNIONSTORE', to, 2, from, to, 'AGGREGATE', 'MIN')
  redis.call('DEL', from)
end

local function renameHash(from, to)
  if redis.call('EXISTS', from) == 0 then return end
  if redis.call('RENAMENX', from, to) == 1 then return end
  local fields = redis.call('HGETALL', from)
  for i = 1, #fields, 2 do redis.call('HSETNX', to, fields[i], fields[i + 1]) end
  redis.call('DEL', from)
end

local function renameCounter(key, from, to)
  local count = redis.call('HGET', key, from)
  if not count then return end
  redis.call('HINCRBY', key, to, count)
  redis.call('HDEL', key, from)
end

renameSet(ns .. ':handing', ns .. ':hand-over')
for _, crawl in ipairs(redis.call('ZRANGE', ns .. ':crawls', 0, -1)) do
  local c = ns .. ':c:' .. crawl
  renameHash(c .. ':again', c .. ':replayed')
  renameCounter(c, 'snoozes', 'postponed')
end

-- Metrics get their present names, so that no counter goes back. The order matters, because one new name is
-- an old name of another.
local metrics = ns .. ':metrics'
renameCounter(metrics, 'drover_outcomes_total snooze', 'drover_outcomes_total postponed')
local scripts = { { 'heartbeat', 'renew' }, { 'pulse', 'heartbeat' }, { 'turn', 'dispatch' } }
for _, names in ipairs(scripts) do
  local from, to = 'drover_redis_call_seconds ' .. names[1] .. ' ', 'drover_redis_call_seconds ' .. names[2] .. ' '
  for _, field in ipairs(redis.call('HKEYS', metrics)) do
    if string.sub(field, 1, #from) == from then renameCounter(metrics, field, to .. string.sub(field, #from + 1)) end
  end
end
local sink, store = 'drover_sink_store_seconds ', 'drover_store_write_seconds '
for _, field in ipairs(redis.call('HKEYS', metrics)) do
  if string.sub(field, 1, #sink) == sink then renameCounter(metrics, field, store .. string.sub(field, #sink + 1)) end
end

local history = redis.call('LRANGE', ns .. ':history', 0, -1)
for i, sample in ipairs(history) do
  redis.call('LSET', ns .. ':history', i - 1, (string.gsub(sample, '"snoozes":', '"postponed":')))
end

redis.call('SET', ns .. ':format', current)
return current
