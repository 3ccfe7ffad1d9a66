// Names: what needs no name server, what is kept and for how long, and that one question is enough for all
// who wait.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { parseHosts } from '../../../../src/fetch/names/hosts-file.ts';
import { createNames, type Lookup, type Names } from '../../../../src/fetch/names/lookup.ts';
import { closing } from '../../../support/fetching.ts';
import { startNameServer, type ZoneAnswer } from '../../../support/name-server.ts';
import { until } from '../../../support/signals.ts';

const resolve = (names: Names, name: string) => new Promise<Lookup>((done) => names.resolve(name, done));

async function addresses(names: Names, name: string): Promise<readonly string[]> {
  const lookup = await resolve(names, name);
  assert.ok(lookup.ok, JSON.stringify(lookup));
  return lookup.addresses;
}

async function setUp(t: TestContext, zone: (name: string, type: 'A' | 'AAAA', count: number) => ZoneAnswer) {
  const folder = await mkdtemp(join(tmpdir(), 'names-'));
  t.after(() => rm(folder, { recursive: true }));
  const hostsFile = join(folder, 'hosts');
  const server = closing(t, await startNameServer(zone));
  return { server, hostsFile, names: closing(t, createNames({ servers: [server.address], hostsFile })) };
}

test('localhost, literal addresses and the hosts file need no name server', async (t) => {
  const { server, names, hostsFile } = await setUp(t, () => 'nxdomain');
  writeFileSync(hostsFile, '10.0.0.7 Box.test box # ours\n::7 box.test\n');
  assert.deepEqual(await addresses(names, 'box.test'), ['10.0.0.7', '::7']);
  assert.deepEqual(await addresses(names, 'BOX.test.'), ['10.0.0.7', '::7']);
  assert.deepEqual(await addresses(names, 'localhost'), ['127.0.0.1', '::1']);
  assert.deepEqual(await addresses(names, 'a.b.localhost'), ['127.0.0.1', '::1']);
  assert.deepEqual(await addresses(names, '::1'), ['::1']);
  assert.deepEqual(server.questions, []);
});

test('a line of the hosts file has an address and names; all else is left out', () => {
  const names = parseHosts(
    '# 1.1.1.1 a\n\n127.0.0.1\tlocalhost  me\r\n127.0.0.1 me\nnonsense a\n::1 me # b\nfe80::1%lo0 c',
  );
  assert.deepEqual(
    [...names],
    [
      ['localhost', ['127.0.0.1']],
      ['me', ['127.0.0.1', '::1']],
      ['c', ['fe80::1%lo0']],
    ],
  );
});

test('both families are asked for, and IPv4 comes first', async (t) => {
  const { server, names } = await setUp(t, () => ({ addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] }));
  assert.deepEqual(await addresses(names, 'both.test'), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  assert.deepEqual(server.questions.toSorted(), ['A both.test', 'AAAA both.test']);
});

test('one family is enough, when the other has none, fails, or says nothing', async (t) => {
  const { names } = await setUp(t, (name, type) => {
    if (name === 'six.test') return { addresses: ['2001:db8::1'] };
    if (type === 'A') return { addresses: ['192.0.2.1'] };
    return name === 'silent.test' ? 'silent' : 'servfail';
  });
  assert.deepEqual(await addresses(names, 'six.test'), ['2001:db8::1']);
  assert.deepEqual(await addresses(names, 'failing.test'), ['192.0.2.1']);
  const began = performance.now();
  assert.deepEqual(await addresses(names, 'silent.test'), ['192.0.2.1']);
  assert.ok(performance.now() - began < 900, 'IPv6 is not waited for');
});

test('one question serves all who wait for a name, and those who come while the answer is kept', async (t) => {
  const { server, names } = await setUp(t, () => ({ addresses: ['192.0.2.1'], ttlSeconds: 60 }));
  await Promise.all(Array.from({ length: 20 }, () => addresses(names, 'shared.test')));
  await addresses(names, 'Shared.TEST');
  assert.equal(server.questions.length, 2);
});

test('an answer is kept for its time to live, at least a second; a missing name too, but a failure is not', async (t) => {
  const { server, names } = await setUp(t, (name, _type, count) => {
    if (name === 'short.test') return { addresses: [`192.0.2.${count}`], ttlSeconds: 0 };
    return name === 'failing.test' ? 'servfail' : 'nxdomain';
  });
  assert.deepEqual(await addresses(names, 'short.test'), ['192.0.2.1']);
  assert.deepEqual(await addresses(names, 'short.test'), ['192.0.2.1']);
  const began = performance.now();
  await until(async () => (await addresses(names, 'short.test'))[0] === '192.0.2.2', {
    what: 'a new answer',
  });
  const ms = performance.now() - began;
  assert.ok(ms > 800 && ms < 3000, `kept for ${ms} ms`);
  const asked = (name: string) => server.questions.filter((question) => question === `A ${name}`).length;
  for (let n = 0; n < 2; n++) {
    const missing = await resolve(names, 'missing.test');
    assert.ok(!missing.ok && missing.failure.code === 'E_DNS_NOT_FOUND');
    const failing = await resolve(names, 'failing.test');
    assert.ok(!failing.ok && failing.failure.code === 'E_DNS_TEMPORARY');
  }
  assert.equal(asked('missing.test'), 1);
  assert.ok(asked('failing.test') >= 2);
});

test('a name that someone waits for is asked for until there is an answer, and no longer', async (t) => {
  const server = closing(
    t,
    await startNameServer((_name, _type, count) => (count <= 3 ? 'silent' : { addresses: ['192.0.2.1'] })),
  );
  const retransmission = { timeout: 100, tries: 1 };
  const names = closing(
    t,
    createNames({ servers: [server.address], hostsFile: '/nonexistent', retransmission }),
  );
  const stop = names.resolve('left.test', () => assert.fail('nobody waits for this'));
  stop();
  assert.deepEqual(await addresses(names, 'slow.test'), ['192.0.2.1']);
  assert.equal(server.questions.filter((question) => question === 'A left.test').length, 1);
});

test('who stops waiting is not told', async (t) => {
  const { names } = await setUp(t, () => ({ addresses: ['192.0.2.1'] }));
  let told = false;
  const stop = names.resolve('left.test', () => {
    told = true;
  });
  stop();
  await addresses(names, 'left.test');
  assert.equal(told, false);
});

test('a name server that is no address is E_SETTING', () => {
  assert.throws(() => createNames({ servers: ['nonsense'] }), { code: 'E_SETTING' });
});
