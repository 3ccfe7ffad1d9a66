--[[
  Lists a job that waits for a browser, and counts it for its crawl. It keeps its place if it is listed.

  KEYS[1]  NS:renders
  ARGV[1]  NS
  ARGV[2]  the job's id
  Answers  nothing

  NS:renders (ZSET) jobs that wait for a browser, by since when (ms)
]]
--- include lua/clock.lua
--- include frontier/lua/crawl/count-for-browser.lua
local ns, job = ARGV[1], ARGV[2]
if redis.call('ZADD', KEYS[1], 'NX', redisTime(), job) == 1 then countForBrowser(ns, job, 1) end
