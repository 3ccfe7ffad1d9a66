import assert from 'node:assert/strict';
import test from 'node:test';
import { type AgainRun, checksOf, report } from '../../../../bench/again/report.ts';

const none = { new: [], changed: [], gone: [] };
const run: AgainRun = {
  ...{ title: 'a', seconds: 2, cpuSeconds: 1, statuses: { 200: 10 }, bytes: 1000, recorded: 10 },
  ...{ unchanged: 0, notDue: 0, expected: null, found: null },
};
const again: AgainRun = { ...run, bytes: 500, unchanged: 10, expected: none, found: none };
const holds = (...runs: AgainRun[]) => checksOf([run, ...runs]).map((check) => check.holds);

test('the second run must find all pages unchanged, with half of the bytes, and no change', () => {
  assert.deepEqual(holds(again), [true, true, true]);
  assert.deepEqual(holds({ ...again, bytes: 501 }), [true, false, true]);
  assert.deepEqual(holds({ ...again, unchanged: 9 }), [false, true, true]);
  assert.deepEqual(holds({ ...again, recorded: 11, unchanged: 11 }), [false, true, true]);
});

test('the changes that are found must be those that were planted, no more and no fewer', () => {
  const planted = { new: ['/n'], changed: ['/c'], gone: ['/g'] };
  const found = (given: AgainRun['found']) =>
    holds(again, { ...run, expected: planted, found: given }).at(-1);
  assert.equal(found(planted), true);
  assert.equal(found({ ...planted, new: ['/n', '/o'] }), false);
  assert.equal(found({ ...planted, gone: [] }), false);
  assert.equal(found(null), false);
  assert.match(report([run, again], checksOf([run, again])), /a +2\.0 +5 +1\.0 +10 × 200 +0\.0 +50\.0 % +10/);
});
