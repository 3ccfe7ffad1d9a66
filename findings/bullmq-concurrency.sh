#!/usr/bin/env bash
# A BullMQ worker whose `concurrency` is raised while all its jobs are busy takes no further job until one of them ends.
#
# bullmq 6.7.0 with ioredis 6.0.0, redis-server 7.0 or later. Its guide says that the value may be set as needed while the worker is running.
# The worker looks at it when a job ends: with jobs that take minutes, as handlers and slow hosts make them, more concurrency has no effect
# for minutes, though jobs wait. pause(true) and resume() make it look at once.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0 >/dev/null 2>&1
cat > raise.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
const port = await new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const redis = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
process.on('exit', () => redis.kill('SIGKILL'));
await sleep(1000);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const queue = new Queue('q', { connection });
await queue.addBulk(Array.from({ length: 20 }, () => ({ name: 'j', data: {} })));
const ends = [];
const worker = new Worker('q', () => new Promise((end) => ends.push(end)), { connection, concurrency: 2 });
const taken = [];
const look = async () => {
  await sleep(1500);
  taken.push(ends.length);
};
await look();
worker.concurrency = 10;
await look();
ends[0]();
await look();
worker.concurrency = 15;
await worker.pause(true);
await worker.resume();
await look();
console.log(`taken: ${taken[0]}; after raising it from 2 to 10: ${taken[1]}; after one has ended: ${taken[2]}; raised to 15, paused and resumed: ${taken[3]}`);
process.exit();
JS
seen=$(node raise.mjs)
expected='taken: 2; after raising it from 2 to 10: 2; after one has ended: 11; raised to 15, paused and resumed: 16'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
