-- Notes whether a request of a lane was due (--only-due), at its end, and returns how many may be looked at
-- together from now on (not-due-of.lua): one more after each that was not due, half as many after each that
-- was. So a lane in which all are due keeps to its gate, and one in which few are is read as fast as it goes.
--- include frontier/lua/request/not-due-of.lua
local MOST_NOT_DUE = 1000

local function noteDue(c, key, isDue)
  local before = notDueOf(c, key)
  local number = isDue and math.floor(before / 2) or math.min(before + 1, MOST_NOT_DUE)
  if number ~= before then redis.call('HSET', c .. ':not-due', key, number) end
  return number
end
