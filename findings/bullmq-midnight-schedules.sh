#!/usr/bin/env bash
# A daily job scheduler of BullMQ leaves out the day whose midnight does not exist, though it makes up every other missing hour.
#
# BullMQ 6.7.0 with the cron-parser 5.10.3 that it pins. Where summer time begins at midnight (Cairo, Beirut, Santiago, Havana), a day has no
# 00:00. "30 2 * * *" in Berlin's missing hour comes an hour later; "0 0 * * *" in Cairo does not come at all that day, and "0 0 * * 5", when
# that day is a Friday, not for two weeks. cron-parser 5.10.6 has it right, but a newer one beside BullMQ is not the one that it uses.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund node@24.21.0 bullmq@6.7.0 cron-parser@5.10.6 >/dev/null 2>&1
cat > midnight.cjs <<'JS'
const { getNextMillis } = require('bullmq');
const { CronExpressionParser } = require('cron-parser');
const iso = (ms) => new Date(ms).toISOString().slice(0, 16);
for (const [pattern, tz, from] of [
  ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z'],
  ['0 0 * * *', 'Africa/Cairo', '2026-04-23T12:00Z'],
  ['0 0 * * 5', 'Africa/Cairo', '2026-04-20T12:00Z'],
]) {
  const newer = CronExpressionParser.parse(pattern, { tz, currentDate: from }).next().getTime();
  console.log(`${pattern} ${tz}: BullMQ ${iso(getNextMillis(Date.parse(from), { pattern, tz }))}, cron-parser 5.10.6 ${iso(newer)}`);
}
JS
seen=$(node_modules/.bin/node midnight.cjs)
expected='30 2 * * * Europe/Berlin: BullMQ 2026-03-29T01:30, cron-parser 5.10.6 2026-03-29T01:30
0 0 * * * Africa/Cairo: BullMQ 2026-04-24T21:00, cron-parser 5.10.6 2026-04-23T22:00
0 0 * * 5 Africa/Cairo: BullMQ 2026-04-30T21:00, cron-parser 5.10.6 2026-04-23T22:00'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
