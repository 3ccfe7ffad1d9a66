--[[
  Begins a crawl, or goes on with the crawl of that name that has not ended. If the crawl of that name has
  ended, a new one gets a new id, and the old one stays readable. The caller counts as a producer of the crawl
  until it leaves or its lease runs out.

  KEYS[1]  NS:crawls
  ARGV[1]  NS
  ARGV[2]  name
  ARGV[3]  producer
  ARGV[4]  lease (ms)
  ARGV[5]  settings (JSON)
  ARGV[6]  seeds, as the user named them
  ARGV[7]  a random token: it tells the records of this crawl from those of another one with the same id
  ARGV[8]  address of the store of a new crawl, without password; '' for files of each consumer
  ARGV[9]  1 if it is to repeat a former run; else '', as the following
  ARGV[10] that run (JSON of src/crawl/former-run.ts); '' if only an unfinished crawl can go on
  ARGV[11] seeds in place of those that it keeps, as a block (src/frontier/seed-block.ts)
  ARGV[12] 1 if its seeds may name private hosts
  Answers  {id, 1 if it is new, else 0}; {id, -1} when an unfinished crawl repeats no run; {id, -2} when the
           former run is gone. In these two cases nothing has changed
]]
--- include lua/clock.lua
--- include crawl/lua/begin/begin-crawl.lua
local ns, name, producer, lease, text, seeds, token = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]
local store, again = ARGV[8], nil
if ARGV[9] ~= '' then again = { former = ARGV[10], block = ARGV[11], hosts = ARGV[12] ~= '' } end
local given = { name = name, producer = producer, lease = lease, text = text, seeds = seeds, token = token, store = store, again = again }
return beginCrawl(ns, given, redisTime())
