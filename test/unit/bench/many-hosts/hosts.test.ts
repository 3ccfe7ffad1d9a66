import assert from 'node:assert/strict';
import test from 'node:test';
import {
  hostNamed,
  htmlOf,
  limitsOf,
  linksOf,
  nameOf,
  type PageId,
  pageOf,
  pathOf,
  robotsOf,
  type Shape,
  settingsOf,
  unfit,
} from '../../../../bench/many-hosts/hosts.ts';

const shape: Shape = { hosts: 300, pagesPerHost: 10, delayMs: 500 };

test('all pages of all hosts are found from the root of the first, and some links lead to other hosts', () => {
  const found = new Set(['0 0']);
  const next: PageId[] = [{ host: 0, page: 0 }];
  let [links, toOthers] = [0, 0];
  for (let id = next.pop(); id; id = next.pop())
    for (const link of linksOf(id, shape)) {
      links++;
      if (link.host !== id.host) toOthers++;
      const key = `${link.host} ${link.page}`;
      if (!found.has(key)) next.push(link);
      found.add(key);
    }
  assert.equal(found.size, shape.hosts * shape.pagesPerHost);
  assert.ok(toOthers > links / 10, `${toOthers} of ${links}`);
});

test('each host has a name without digits by which it is known again, with or without a port', () => {
  const names = Array.from({ length: 30_000 }, (_, host) => nameOf(host));
  assert.equal(new Set(names).size, names.length);
  for (const [host, name] of names.entries()) {
    assert.match(name, /^[a-z.]+$/);
    assert.equal(hostNamed(`${name}:8080`, names.length), host);
  }
  for (const other of [
    '',
    'a.example',
    'aaaa.example.com',
    'aaab.alone.example',
    'bbbb.example',
    '127.0.0.1',
  ])
    assert.equal(hostNamed(other, 300), null, other);
});

test('paths and numbers of pages belong together', () => {
  assert.deepEqual([0, 1, 9].map(pathOf), ['/', '/p/1', '/p/9']);
  assert.deepEqual(
    ['/', '/p/1', '/p/9', '/p/10', '/p/0', '/p/01', '/robots.txt'].map((path) => pageOf(path, 10)),
    [0, 1, 9, null, null, null, null],
  );
});

test('a page has its links, and some 2 kB', () => {
  const html = htmlOf({ host: 0, page: 0 }, shape, 81);
  assert.match(html, /<a href="\/p\/4">/);
  assert.match(html, /<a href="http:\/\/aaah\.delayed\.example:81\/">/);
  assert.ok(html.length > 2000 && html.length < 2400, `${html.length}`);
});

test('of twenty hosts one has a delay by the settings, one by robots.txt, and one a single fetch', () => {
  const limits = Array.from({ length: 20 }, (_, host) => limitsOf(host, shape));
  const kinds = limits.filter(({ by }) => by !== 'default').map(Object.values);
  assert.deepEqual(kinds, [
    ['settings', 2, 500],
    ['robots.txt', 2, 500],
    ['settings', 1, 0],
  ]);
  assert.equal(robotsOf(13, shape), 'User-agent: *\nCrawl-delay: 0.5\n');
  assert.equal(robotsOf(7, shape), null);
  assert.deepEqual(settingsOf(shape).hosts, {
    '*.delayed.example': { delay: '500ms' },
    '*.alone.example': { concurrency: 1 },
  });
  assert.deepEqual([nameOf(7), nameOf(17)], ['aaah.delayed.example', 'aaar.alone.example']);
});

test('pages that cannot be spread evenly, and numbers that no log can hold, are unfit', () => {
  assert.equal(unfit(shape), null);
  for (const wrong of [
    { pagesPerHost: 10.5 },
    { hosts: 19 },
    { hosts: 500_000 },
    { pagesPerHost: 65_001 },
    { delayMs: 0 },
  ])
    assert.notEqual(unfit({ ...shape, ...wrong }), null, JSON.stringify(wrong));
});
