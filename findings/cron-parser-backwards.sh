#!/usr/bin/env bash
# cron-parser's next() goes back in time, or finds no time at all, where a zone's clocks go back by half an hour or at a quarter to an hour.
#
# cron-parser 5.10.6. On the Chatham Islands (UTC+13:45 in summer) the next quarter of an hour after 13:00 UTC is 12:15 UTC, in the night in which
# the clocks go back. On Lord Howe Island they go back by 30 minutes: the two quarters that come twice come once, and "0 3 * * *" has no next
# time at all for most of the day before, only an error. In Berlin each repeated quarter comes. A scheduler that asks for the next run when
# one begins takes the past time for one that is due now.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund cron-parser@5.10.6 >/dev/null 2>&1
cat > backwards.cjs <<'JS'
const { CronExpressionParser } = require('cron-parser');
const after = (pattern, tz, from) => {
  try {
    return CronExpressionParser.parse(pattern, { tz, currentDate: from }).next().toISOString().slice(0, 16);
  } catch (error) {
    return error.message;
  }
};
for (const [pattern, tz, from] of [
  ['*/15 * * * *', 'Europe/Berlin', '2026-10-25T00:45Z'],
  ['*/15 * * * *', 'Pacific/Chatham', '2026-04-04T12:45Z'],
  ['*/15 * * * *', 'Pacific/Chatham', '2026-04-04T13:00Z'],
  ['*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:45Z'],
  ['0 3 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z'],
])
  console.log(`${pattern} ${tz} after ${from.slice(11, 16)}: ${after(pattern, tz, from)}`);
JS
seen=$(node backwards.cjs)
expected='*/15 * * * * Europe/Berlin after 00:45: 2026-10-25T01:00
*/15 * * * * Pacific/Chatham after 12:45: 2026-04-04T13:00
*/15 * * * * Pacific/Chatham after 13:00: 2026-04-04T12:15
*/15 * * * * Australia/Lord_Howe after 14:45: 2026-04-04T15:30
0 3 * * * Australia/Lord_Howe after 00:00: Invalid expression, loop limit exceeded'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
