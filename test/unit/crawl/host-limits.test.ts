// What a crawl promises to a host: the most exact pattern of its table counts, as in the gate of the fleet.
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostPromiseOf } from '../../../src/crawl/host-limits.ts';

const hosts = {
  'a.example:8080': { delay: 1 },
  'a.example': { delay: 2 },
  '*.example:8080': { delay: 3 },
  '*.example': { delay: 4 },
  '*.shop.example': { delay: 5 },
  '*:8080': { delay: 6 },
  '*': { delay: 7, concurrency: 3, max: 1, durationMs: 20 },
};

test('the most exact pattern counts', () => {
  const rows: [key: string, delayMs: number][] = [
    ['a.example:8080', 1],
    ['a.example', 2],
    ['a.example:9090', 2],
    ['b.example:8080', 3],
    ['b.example', 4],
    ['c.b.example', 4],
    ['x.shop.example:8080', 5],
    ['shop.example', 4],
    ['other.test:8080', 6],
  ];
  for (const [key, delayMs] of rows)
    assert.deepEqual(hostPromiseOf(key, { perHost: 2, delay: 9, hosts }), { most: 2, delayMs }, key);
});

test('a rate is a delay too, and what a rule leaves out is that of the crawl', () => {
  assert.deepEqual(hostPromiseOf('other.test', { perHost: 2, delay: 9, hosts }), { most: 3, delayMs: 20 });
  assert.deepEqual(hostPromiseOf('a.test', { perHost: 2, delay: 9, hosts: {} }), { most: 2, delayMs: 9 });
});
