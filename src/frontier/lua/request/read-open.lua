-- An open request of a crawl: its claim (a decimal) and the packed request; nil if it is not open.
-- NS:c:CRAWL:open (HASH) id to CLAIM US PACKED
local function readOpen(c, id)
  local open = redis.call('HGET', c .. ':open', id)
  if not open then return nil end
  return string.match(open, '^(%d+)\31(.*)$')
end
