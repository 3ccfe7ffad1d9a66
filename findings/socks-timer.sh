#!/usr/bin/env bash
# socks keeps the timer of its time limit, and with it the client, after the connection is there: 30 s for each, or whatever `timeout` says.
#
# socks 2.8.11, Node's own timers as witnesses. A crawler that opens 50 connections a second so holds 1,500
# clients and sockets, most of them of connections that have ended.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund socks@2.8.11 >/dev/null 2>&1
cat > timer.cjs <<'JS'
const net = require('node:net');
const { SocksClient } = require('socks');
const set = global.setTimeout;
const timers = [];
global.setTimeout = (call, ms, ...rest) => {
  const timer = set(call, ms, ...rest);
  timers.push(timer);
  return timer;
};
const replies = [[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]];
const proxy = net.createServer((socket) => {
  let at = 0;
  socket.on('data', () => socket.write(Buffer.from(replies[at++])));
});
proxy.listen(0, '127.0.0.1', async () => {
  const { port } = proxy.address();
  const { socket } = await SocksClient.createConnection({
    proxy: { host: '127.0.0.1', port, type: 5 },
    command: 'connect',
    destination: { host: '192.0.2.1', port: 80 },
    timeout: 60_000,
  });
  socket.destroy();
  proxy.close();
  set(() => {
    const left = timers.filter((timer) => !timer._destroyed && timer._idleTimeout === 60_000);
    console.log(`connections that have ended: 1, timers of 60 s that are left: ${left.length}`);
    process.exit(0);
  }, 100);
});
JS
seen=$(node timer.cjs)
expected='connections that have ended: 1, timers of 60 s that are left: 1'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
