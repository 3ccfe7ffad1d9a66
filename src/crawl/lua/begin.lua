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
  ARGV[9]  the former run of a new crawl (JSON of src/crawl/former-run.ts), or ''
  Answers  {id, 1 if it is new, else 0}
]]
--- include lua/clock.lua
--- include crawl/lua/begin/begin-crawl.lua
local ns, name, producer, lease, text, seeds, token = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]
local store, former = ARGV[8], ARGV[9]
local given = { name = name, producer = producer, lease = lease, text = text, seeds = seeds, token = token, store = store, former = former }
return beginCrawl(ns, given, redisTime())
