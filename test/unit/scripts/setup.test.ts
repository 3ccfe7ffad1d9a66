// The set-up of a fresh clone, with stand-ins for npm and the package managers that write down what they are
// asked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshClone, putRedis, redis } from '../../support/project/fresh-clone.ts';

test('a fresh clone gets its packages once, those for development too, and then nothing is asked any more', async (t) => {
  const clone = freshClone(t);
  const first = await clone.setup([], { NODE_ENV: 'production' });
  assert.deepEqual(first, { code: 0, stdout: '', stderr: 'drover: installing packages (once)…\n' });
  const calls = clone.calls();
  assert.match(calls[0] ?? '', /^npm install --no-save --include=dev /);
  assert.deepEqual(calls.slice(1), ['redis-server --version']);
  const before = performance.now();
  assert.deepEqual(await clone.setup(), { code: 0, stdout: '', stderr: '' });
  assert.ok(performance.now() - before < 1000);
  assert.deepEqual(clone.calls(), []);
});

test('a newer package-lock.json installs again', async (t) => {
  const clone = freshClone(t);
  await clone.setup();
  clone.calls();
  const later = new Date(Date.now() + 5000);
  utimesSync(join(clone.dir, 'package-lock.json'), later, later);
  await clone.setup();
  assert.match(clone.calls()[0] ?? '', /^npm install/);
});

test('several at the same time install once, and all of them succeed', async (t) => {
  const clone = freshClone(t);
  const runs = await Promise.all([clone.setup(), clone.setup(), clone.setup()]);
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.equal(clone.calls().filter((call) => call.startsWith('npm')).length, 1);
});

test('a lock left behind by a killed set-up is no obstacle', async (t) => {
  const clone = freshClone(t);
  mkdirSync(join(clone.dir, 'node_modules'));
  writeFileSync(join(clone.dir, 'node_modules/.drover-setup.lock'), '999999999');
  assert.equal((await clone.setup()).code, 0);
});

test('a failing npm is shown, and its reason is the last line', async (t) => {
  const clone = freshClone(t);
  clone.program(
    'npm',
    'echo "npm error code E404" >&2; echo "npm error 404 Not Found - nothing" >&2; exit 1',
  );
  const { code, stderr } = await clone.setup();
  assert.equal(code, 1);
  assert.equal(
    stderr.trim().split('\n').at(-1),
    'drover: npm install failed: npm error 404 Not Found - nothing',
  );
  assert.equal((await clone.setup()).code, 1, 'it must not count as done');
});

test('where npm has not run the install script of the package node, it is run', async (t) => {
  const clone = freshClone(t);
  const script = `fs.mkdirSync('bin'); fs.symlinkSync('${process.execPath}', 'bin/node')`;
  const unscripted = [
    'mkdir -p node_modules/node node_modules/.bin',
    'ln -sf ../node/bin/node node_modules/.bin/node',
    `echo "const fs = require('node:fs'); ${script}" >node_modules/node/installArchSpecificPackage.js`,
  ];
  clone.program('npm', unscripted.join('\n'));
  assert.equal((await clone.setup()).code, 0);
  assert.match(execFileSync(join(clone.dir, 'node_modules/.bin/node'), ['--version']).toString(), /^v/);
});

test('where npm has no Node 24 for this system, the Node that runs the set-up is taken if it is new enough', async (t) => {
  const clone = freshClone(t);
  clone.program('npm', 'mkdir -p node_modules/node node_modules/.bin; ln -s /nowhere node_modules/.bin/node');
  assert.equal((await clone.setup()).code, 0);
  assert.match(execFileSync(join(clone.dir, 'node_modules/.bin/node'), ['--version']).toString(), /^v/);
});

test('without a redis-server the package manager is asked, after an update if it must be', async (t) => {
  const clone = freshClone(t);
  rmSync(join(clone.bin, 'redis-server'));
  const updated = join(clone.dir, 'updated');
  clone.program(
    'apt-get',
    `[ "$1" = update ] && : >${updated}\n[ -e ${updated} ] || exit 100\n${putRedis(clone)}`,
  );
  const { code, stderr } = await clone.setup(['--redis-only']);
  assert.deepEqual([code, stderr], [0, 'drover: installing redis-server with apt-get (once)…\n']);
  const asked = clone.calls().filter((call) => call.startsWith('apt-get'));
  const install = 'apt-get install -y -q redis-server';
  assert.deepEqual(asked, [install, 'apt-get update -q', install]);
});

test('the other package managers are asked in their own words', async (t) => {
  const words = {
    dnf: 'dnf install -y -q redis',
    apk: 'apk add --no-cache redis',
    brew: 'brew install -q redis',
  };
  for (const [name, call] of Object.entries(words)) {
    const clone = freshClone(t);
    rmSync(join(clone.bin, 'redis-server'));
    clone.program(name, putRedis(clone));
    assert.equal((await clone.setup(['--redis-only'])).code, 0);
    assert.ok(clone.calls().includes(call), name);
  }
});

test('what cannot be installed is said in one line', async (t) => {
  const clone = freshClone(t);
  rmSync(join(clone.bin, 'redis-server'));
  const none = await clone.setup(['--redis-only']);
  assert.deepEqual(none, {
    code: 1,
    stdout: '',
    stderr: 'drover: redis-server 6.2 or later is needed; install it, or set REDIS_URL\n',
  });
  clone.program('apt-get', 'echo "E: Unable to locate package redis-server" >&2; exit 100');
  const failing = await clone.setup(['--redis-only']);
  assert.equal(failing.code, 1);
  assert.match(
    failing.stderr.trim().split('\n').at(-1) ?? '',
    /apt-get install.* failed: E: Unable to locate/,
  );
});

test('a redis-server that is too old, and stays so, is said with its version', async (t) => {
  const clone = freshClone(t);
  clone.program('redis-server', redis('6.0.16'));
  clone.program('apt-get');
  const { code, stderr } = await clone.setup(['--redis-only']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /the redis-server on the PATH is 6\.0\.16; install 6\.2 or later, or set REDIS_URL\n$/,
  );
});

test('no redis-server is wanted with REDIS_URL or --no-redis, no packages with --redis-only', async (t) => {
  const clone = freshClone(t);
  rmSync(join(clone.bin, 'redis-server'));
  assert.equal((await clone.setup([], { REDIS_URL: 'redis://elsewhere' })).code, 0);
  assert.equal((await clone.setup(['--no-redis'])).code, 0);
  clone.calls();
  clone.program('redis-server', redis('8.0.0'));
  assert.equal((await clone.setup(['--redis-only'])).code, 0);
  assert.deepEqual(clone.calls(), ['redis-server --version']);
});

test('a browser is installed for the tests alone, and where it cannot be installed, the rest goes on', async (t) => {
  const clone = freshClone(t);
  clone.program(
    'apt-get',
    `[ "$*" = "install -y -q chromium" ] && : >${join(clone.bin, 'chromium')}; chmod +x ${clone.bin}/chromium`,
  );
  assert.equal((await clone.setup()).code, 0);
  assert.ok(!clone.calls().some((call) => call.startsWith('apt-get')));
  const first = await clone.setup(['--browser']);
  assert.deepEqual([first.code, first.stderr], [0, 'drover: installing chromium with apt-get (once)…\n']);
  assert.ok(clone.calls().includes('apt-get install -y -q chromium'));
  assert.equal((await clone.setup(['--browser'])).stderr, '');

  const bare = freshClone(t);
  bare.program('apt-get', 'echo "E: Unable to locate package chromium" >&2; exit 100');
  const without = await bare.setup(['--browser']);
  assert.equal(without.code, 0);
  assert.match(
    without.stderr,
    /the tests of the dashboard want a Chromium, and .* failed: E: Unable to locate/,
  );
});

test('the parts of an S3 server are installed together, once, and where they cannot be, the rest goes on', async (t) => {
  const clone = freshClone(t);
  const parts = ['radosgw', 'ceph-mon', 'ceph-osd'];
  const put = parts.map((part) => `: >${clone.bin}/${part}; chmod +x ${clone.bin}/${part}`);
  clone.program('apt-get', put.join('; '));
  assert.equal((await clone.setup(['--s3'])).code, 0);
  const asked = clone.calls().filter((call) => call.startsWith('apt-get'));
  assert.deepEqual(asked, [`apt-get install -y -q --no-install-recommends ${parts.join(' ')}`]);
  assert.equal((await clone.setup(['--s3'])).stderr, '');
  assert.ok(!clone.calls().some((call) => call.startsWith('apt-get')));

  const bare = freshClone(t);
  bare.program('apt-get', 'echo "E: Unable to locate package radosgw" >&2; exit 100');
  const without = await bare.setup(['--s3']);
  assert.equal(without.code, 0);
  assert.match(without.stderr, /the store in S3 want a server, and .* failed: E: Unable to locate/);
});

test('proxies are installed for the tests, once, and where they cannot be, the rest goes on', async (t) => {
  const clone = freshClone(t);
  const put = ['tinyproxy', 'microsocks', 'squid', 'danted'].map(
    (name) => `: >${clone.bin}/${name}; chmod +x ${clone.bin}/${name}`,
  );
  clone.program(
    'apt-get',
    `case "$*" in *squid*) ${put.slice(2).join('; ')};; *) ${put.slice(0, 2).join('; ')};; esac`,
  );
  assert.equal((await clone.setup(['--proxies'])).code, 0);
  const asked = clone.calls().filter((call) => call.startsWith('apt-get'));
  assert.deepEqual(asked, [
    'apt-get install -y -q --no-install-recommends tinyproxy microsocks',
    'apt-get install -y -q --no-install-recommends squid dante-server',
  ]);
  assert.equal((await clone.setup(['--proxies'])).stderr, '');
  assert.ok(!clone.calls().some((call) => call.startsWith('apt-get')));

  const bare = freshClone(t);
  bare.program('apt-get', 'echo "E: Unable to locate package tinyproxy" >&2; exit 100');
  const without = await bare.setup(['--proxies']);
  assert.equal(without.code, 0);
  assert.match(without.stderr, /fetching through proxies want some, and .* failed: E: Unable to locate/);
});

test('nginx is installed for the tests, once, and where it cannot be, the rest goes on', async (t) => {
  const clone = freshClone(t);
  clone.program('apt-get', `: >${clone.bin}/nginx; chmod +x ${clone.bin}/nginx`);
  assert.equal((await clone.setup(['--nginx'])).code, 0);
  const asked = clone.calls().filter((call) => call.startsWith('apt-get'));
  assert.deepEqual(asked, ['apt-get install -y -q --no-install-recommends nginx']);
  assert.equal((await clone.setup(['--nginx'])).stderr, '');

  const bare = freshClone(t);
  bare.program('apt-get', 'echo "E: Unable to locate package nginx" >&2; exit 100');
  const without = await bare.setup(['--nginx']);
  assert.equal(without.code, 0);
  assert.match(
    without.stderr,
    /tests of HTTP\/2 and of identities want a server, and .* failed: E: Unable to locate/,
  );
});
