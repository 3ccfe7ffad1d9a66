import assert from 'node:assert/strict';
import test from 'node:test';
import { startNow } from '../../../consumers/open-job.ts';
import { LEASE_MS } from '../../../src/politeness/slot.ts';
import type { JobStart } from '../../../src/queue/job-data.ts';

const NOW = 1_000_000;
const before = { crawlChangedAt: NOW - 10_000, listeningSince: NOW - 10_000, now: NOW };
const granted = (givenAt: number): JobStart => ({ kind: 'granted', server: 'a.example', givenAt });
const ahead = (givenAt: number): JobStart => ({ kind: 'ahead', givenAt });

test('a first start that comes soon is as it was handed out', () => {
  for (const start of [granted(NOW), granted(NOW - LEASE_MS / 2 + 1), granted(NOW + 999), ahead(NOW)])
    assert.deepEqual(startNow(start, true, before), start);
});

test('the gate is asked when the job has started before, comes late, or is of another clock', () => {
  const late = [granted(NOW - LEASE_MS / 2), ahead(NOW - LEASE_MS / 2), granted(NOW + 1000)];
  for (const start of late) assert.deepEqual(startNow(start, true, before), { kind: 'ask' });
  for (const start of [granted(NOW), ahead(NOW)])
    assert.deepEqual(startNow(start, false, before), { kind: 'ask' }, 'the second start');
  assert.deepEqual(startNow({ kind: 'ask' }, true, before), { kind: 'ask' });
});

test('the gate is asked when limits may have changed since: of the crawl, or of the host while nobody listened here', () => {
  for (const changed of [{ crawlChangedAt: NOW - 5 }, { listeningSince: NOW - 5 }]) {
    const times = { ...before, ...changed };
    assert.deepEqual(startNow(granted(NOW - 5), true, times), { kind: 'ask' });
    assert.deepEqual(startNow(granted(NOW - 4), true, times), granted(NOW - 4));
  }
});
