#!/usr/bin/env bash
# ioredis restores database and subscriptions of a lost connection but not its WATCH, so EXEC goes through though the watched key has changed.
#
# ioredis 6.0.0, redis 6.3.1, redis-server 7.0 or later. EXEC answers null when a watched key has changed, and whoever uses WATCH relies on it.
# The watch ends with its connection; ioredis has a new one within milliseconds, sends MULTI and EXEC there, and they are carried out: the
# change of another client is lost, and no answer tells. A failover between WATCH and EXEC does that. The client `redis` gives an error.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null 2>&1
cat > watch.mjs <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
const port = await new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
await sleep(1000);
const other = new Redis({ host: '127.0.0.1', port, db: 3 });
const change = async (connectionLost) => {
  await other.set('key', 'theirs');
  if (connectionLost) await other.client('KILL', 'ID', connectionLost);
  await sleep(1000);
};
const outcome = async (exec) => {
  const answer = await exec.catch((error) => error.message);
  return `${JSON.stringify(answer)}, key: ${await other.get('key')}`;
};
const redis = new Redis({ host: '127.0.0.1', port });
await redis.select(3);
for (const isLost of [false, true]) {
  await redis.watch('key');
  await change(isLost && (await redis.client('ID')));
  console.log(`ioredis${isLost ? ', connection lost' : ''}: ${await outcome(redis.multi().set('key', 'mine').exec())}`);
}
const client = createClient({ socket: { host: '127.0.0.1', port }, database: 3 });
client.on('error', () => {});
await client.connect();
await client.watch('key');
await change(String(await client.sendCommand(['CLIENT', 'ID'])));
console.log(`redis, connection lost: ${await outcome(client.multi().set('key', 'mine').exec())}`);
process.exit();
JS
seen=$(node watch.mjs)
expected='ioredis: null, key: theirs
ioredis, connection lost: [[null,"OK"]], key: mine
redis, connection lost: "Client reconnected after WATCH", key: theirs'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
