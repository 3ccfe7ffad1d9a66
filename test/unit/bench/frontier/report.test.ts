import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { FrontierFigures } from '../../../../bench/frontier/figures.ts';
import { hostsOf, listOf, URL_CHARACTERS, urlAt } from '../../../../bench/frontier/list.ts';
import { frontierBudgetsOf, frontierReport } from '../../../../bench/frontier/report.ts';
import { normalizeUrl } from '../../../../src/url/normalize.ts';

/** All budgets met, each just so. */
const figures: FrontierFigures = {
  ...{ hosts: 1, waiting: 1_000_000, seen: 5_000_000 },
  offer: { urlsPerSecond: 20_000, producerMicroseconds: 12, redisMicroseconds: 9, otherCpus: 0.1 },
  ...{ bytesPerWaiting: 60, bytesPerSeen: 10 },
  bytesPerSeed: 16,
  fewWaiting: { medianMs: 1.5, percentile99Ms: 4 },
  allWaiting: { medianMs: 3, percentile99Ms: 6 },
  otherHost: { dispatches: 1, milliseconds: 1000 },
  status: { milliseconds: 0.2, waiting: 999_900, onLanes: 999_900 },
  redis: { usedBytes: 65e6, peakBytes: 70e6, residentBytes: 90e6 },
};

const missedOf = (changes: Partial<FrontierFigures>) =>
  frontierBudgetsOf([{ ...figures, ...changes }]).filter(({ met }) => !met);

test('each budget of the frontier is met on its own side of the limit', () => {
  assert.deepEqual(missedOf({}), []);
  const beyond: Partial<FrontierFigures>[] = [
    { offer: { ...figures.offer, urlsPerSecond: 19_999 } },
    { bytesPerWaiting: 60.1 },
    { bytesPerSeen: 10.1 },
    { bytesPerSeed: 16.1 },
    { allWaiting: { medianMs: 3.1, percentile99Ms: 6 } },
    { otherHost: { dispatches: 400, milliseconds: 1001 } },
    { status: { ...figures.status, waiting: 999_901 } },
  ];
  for (const changes of beyond) assert.equal(missedOf(changes).length, 1, JSON.stringify(changes));
});

test('how long another host waits is told only where that was measured', () => {
  const one = frontierBudgetsOf([{ ...figures, otherHost: null }]);
  assert.ok(one.every(({ what }) => !what.includes('another host')));
});

test('the report of the frontier has a line for each size and each budget, in columns', () => {
  const text = frontierReport([
    figures,
    { ...figures, hosts: 100_000, otherHost: null, bytesPerWaiting: 71.2 },
  ]);
  assert.match(text, /^1 host +5,000,000 +1,000,000 +20,000 +12\.0 +9\.0 +10\.00 +60\.0 /m);
  assert.match(text, /another is dispatched within 1000\.0 ms, by dispatch 1\./);
  assert.match(text, /waiting URL.*100,000 hosts +71\.2 bytes +≤ 60 bytes +MISSED/);
  const lines = text.split('\n\n')[0]?.split('\n') ?? [];
  assert.equal(lines.length, 3);
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});

test('every URL of the list is normalised, of the length that the budget names, and on a host of the list', () => {
  const sizes = [1, 10, 100_000].map(hostsOf);
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.constantFrom(...sizes), (n, hosts) => {
      const url = urlAt(n, hosts.length);
      assert.equal(url.length, URL_CHARACTERS);
      assert.deepEqual(normalizeUrl(url), { url });
      assert.equal(new URL(url).hostname, hosts[n % hosts.length]);
    }),
  );
});

test('no two lines of the list are the same, wherever it is cut', () => {
  const lines = (first: number, end: number) =>
    Buffer.concat([...listOf(first, end, 7)])
      .toString()
      .trimEnd()
      .split('\n');
  const all = lines(0, 5000);
  assert.equal(new Set(all).size, 5000);
  assert.deepEqual([...lines(0, 1234), ...lines(1234, 5000)], all);
});
