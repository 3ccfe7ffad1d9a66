#!/usr/bin/env bash
# ioredis' disconnect(true), which is to connect again, ends a client for good while that still asks a Sentinel.
#
# ioredis 6.0.0, redis-server 7.0 or later. With one address, disconnect(true) in the middle of a slow connection leads to 'reconnecting' and
# then 'ready'. With `sentinels`, in the middle of a slow look-up of the primary, it leads to 'end': no retryStrategy is asked, and
# each later command fails. BullMQ 6.7 does that when a blocking read gets no answer in time, which is when a primary is gone and Sentinels
# are asked, and connects anew by itself; whoever else renews a connection in this way must do so too.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund node@24.21.0 ioredis@6.0.0 >/dev/null 2>&1
cat > disconnect.mjs <<'JS'
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const [primary, sentinel] = [await freePort(), await freePort()];
writeFileSync('sentinel.conf', `port ${sentinel}\nbind 127.0.0.1\nprotected-mode no\nsentinel monitor mymaster 127.0.0.1 ${primary} 1\n`);
const servers = [
  spawn('redis-server', ['--port', primary, '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' }),
  spawn('redis-server', ['sentinel.conf', '--sentinel'], { stdio: 'ignore' }),
];
process.on('exit', () => servers.forEach((server) => server.kill('SIGKILL')));
await sleep(1500);
const how = { maxRetriesPerRequest: null, retryStrategy: () => 50, sentinelRetryStrategy: () => 50, lazyConnect: true };
const ways = [
  ['one address', { host: '127.0.0.1', port: primary }, servers[0]],
  ['by Sentinel', { sentinels: [{ host: '127.0.0.1', port: sentinel }], name: 'mymaster' }, servers[1]],
];
const seen = [];
for (const [name, where, asked] of ways) {
  const redis = new Redis({ ...where, ...how });
  redis.on('error', () => {});
  asked.kill('SIGSTOP'); // slow for half a second
  redis.connect().catch(() => {});
  await sleep(250);
  redis.disconnect(true);
  await sleep(250);
  asked.kill('SIGCONT');
  await sleep(2500);
  seen.push(`${name}: ${redis.status}`);
}
console.log(seen.join(', '));
process.exit();
JS
seen=$(node_modules/.bin/node disconnect.mjs)
expected="one address: ready, by Sentinel: end"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
