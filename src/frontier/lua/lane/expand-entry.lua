-- The packed request of a lane's entry, and its URL. In an entry, 0x01 stands for http://HOST and 0x02 for
-- https://HOST of the lane's own host, and a plain seed is its URL alone (src/frontier/entry.ts).
local function expandEntry(entry, key)
  local first = string.byte(entry)
  if first == 1 or first == 2 then entry = '\0310\31\31\31\31' .. entry end
  local head, mark, path = string.match(entry, '^(.*\31)([\1\2])(.*)$')
  if not mark then return entry, string.match(entry, '([^\31]*)$') end
  local url = (mark == '\1' and 'http://' or 'https://') .. key .. path
  return head .. url, url
end
