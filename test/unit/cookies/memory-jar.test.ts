// A jar in memory: what is sent where, and what Redis is told of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CookieChange, MemoryJar } from '../../../src/cookies/memory-jar.ts';

const HOME = 'https://a.shop.test/';
const DAY_MS = 86_400_000;

/** The hash in Redis after these changes. */
const hashOf = (changes: readonly CookieChange[], created = 1000) =>
  Object.fromEntries(
    changes.map(({ field, expiresAt, text }, index) => [
      field,
      [created + index, created + index, Math.round(expiresAt), text].join('\x1f'),
    ]),
  );

/** What a new process sends to the URL after the lines came from HOME. */
function sentTo(url: string, ...lines: string[]): string[] {
  return new MemoryJar(hashOf(new MemoryJar({}).receive(HOME, lines))).pairsFor(url) ?? [];
}

test('what was taken is read back as it was, and sent where it belongs', () => {
  const lines = [
    'host=1; Path=/',
    'domain=2; Domain=shop.test; Path=/',
    'path=3; Path=/deep',
    'safe=4; Path=/; Secure',
    '__Host-x=5; Path=/; Secure',
    'alone',
    'latin=\xe9',
  ];
  assert.deepEqual(sentTo(HOME, ...lines), [
    ...['host=1', 'domain=2', 'safe=4', '__Host-x=5', 'alone', 'latin=\xe9'],
  ]);
  assert.deepEqual(sentTo('https://a.shop.test/deep/er', ...lines)[0], 'path=3', 'the longest path first');
  assert.deepEqual(
    sentTo('http://a.shop.test/', ...lines).filter((pair) => /4|5/.test(pair)),
    [],
  );
  assert.deepEqual(sentTo('https://b.shop.test/', ...lines), ['domain=2']);
  assert.deepEqual(sentTo('https://shop.test/', ...lines), ['domain=2']);
});

test('what no browser takes is not kept', () => {
  const refused = [
    'a=1; Domain=other.test',
    'b=1; Domain=test',
    '__Host-c=1; Path=/; Secure; Domain=shop.test',
    '__Secure-d=1; Path=/',
    `e=${'x'.repeat(5000)}`,
    `f=1; Path=/${'x'.repeat(2000)}`,
    'g=\x01',
  ];
  assert.deepEqual(new MemoryJar({}).receive(HOME, refused), []);
  assert.deepEqual(new MemoryJar({}).receive('http://a.shop.test/', ['h=1; Secure']), []);
});

test('a Secure cookie is kept and sent over http at loopback, as in browsers', () => {
  const jar = new MemoryJar({});
  const changes = jar.receive('http://127.0.0.1:8080/', ['a=1; Secure']);
  assert.deepEqual(new MemoryJar(hashOf(changes)).pairsFor('http://127.0.0.1:8080/'), ['a=1']);
});

test('no cookie is kept for more than 400 days, Max-Age goes before Expires', () => {
  const [far, soon, none] = new MemoryJar({}).receive(HOME, [
    'far=1; Max-Age=999999999',
    'soon=1; Max-Age=60; Expires=Fri, 01 Jan 2100 00:00:00 GMT',
    'none=1',
  ]);
  assert.ok(Math.abs((far?.expiresAt ?? 0) - Date.now() - 400 * DAY_MS) < 5000);
  assert.ok(Math.abs((soon?.expiresAt ?? 0) - Date.now() - 60_000) < 5000);
  assert.equal(none?.expiresAt, 0);
});

test('Redis is told of what is new alone', () => {
  const jar = new MemoryJar({});
  const lines = ['a=1; Path=/', 'b=1; Max-Age=3600; Path=/'];
  assert.equal(jar.receive(HOME, lines).length, 2);
  assert.deepEqual(jar.receive(HOME, lines), [], 'the same again');
  assert.equal(jar.receive(HOME, ['b=1; Max-Age=7200; Path=/']).length, 1, 'a later end');
  assert.equal(jar.receive(HOME, ['b=1; Path=/']).length, 1, 'no end any more');
  assert.deepEqual(
    jar
      .receive(HOME, ['a=; Max-Age=0; Path=/', 'c=; Max-Age=0; Path=/', 'd=1', 'd=2', 'd=3'])
      .map(({ field, expiresAt }) => [field, expiresAt]),
    [
      ['a.shop.test;/;a', -1],
      ['a.shop.test;/;d', 0],
    ],
    'one that goes, one that never was, one that is set three times',
  );
  assert.deepEqual(jar.pairsFor(HOME), ['b=1', 'd=3']);
});

test('the older of two cookies goes first, also after one of them was set again', () => {
  const jar = new MemoryJar(hashOf(new MemoryJar({}).receive(HOME, ['a=1', 'b=1'])));
  jar.receive(HOME, ['a=2']);
  assert.deepEqual(jar.pairsFor(HOME), ['a=2', 'b=1']);
});

test('a jar that is nearly full notes which cookies are in use', () => {
  const jar = new MemoryJar({});
  const lines = Array.from({ length: 160 }, (_, index) => `c${index}=1; Path=/${index}`);
  jar.receive(HOME, lines);
  jar.pairsFor('https://a.shop.test/7');
  assert.deepEqual(jar.takeSent(), ['a.shop.test;/7;c7']);
  assert.deepEqual(jar.takeSent(), []);
});
