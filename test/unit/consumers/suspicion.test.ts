import assert from 'node:assert/strict';
import test from 'node:test';
import { aloneBegins, aloneSurvived, suspicionOf } from '../../../consumers/suspicion.ts';
import type { AloneNote } from '../../../src/queue/job-memory.ts';

test('a request is the cause after one death in company and two alone', () => {
  let alone: AloneNote | null = null;
  assert.equal(suspicionOf({ alone }, 0).isSuspect, false);
  const steps = [1, 2, 3].map((stalls) => {
    const suspicion = suspicionOf({ alone }, stalls);
    alone = aloneBegins(suspicion, stalls);
    return suspicion;
  });
  assert.deepEqual(steps, [
    { isSuspect: true, deathsAlone: 0, isCause: false },
    { isSuspect: true, deathsAlone: 1, isCause: false },
    { isSuspect: true, deathsAlone: 2, isCause: true },
  ]);
});

const rows: [what: string, alone: AloneNote | null, stalls: number, isSuspect: boolean, deaths: number][] = [
  ['no consumer died', null, 0, false, 0],
  ['its consumers died before it was fetched again', null, 9, true, 0],
  ['its turn alone was put off', aloneBegins(suspicionOf({ alone: null }, 1), 1), 1, true, 0],
  ['a consumer survived it', aloneSurvived(1), 1, false, 0],
  ['a consumer survived it, and another died later', aloneSurvived(1), 2, true, 0],
];
for (const [what, alone, stalls, isSuspect, deathsAlone] of rows)
  test(`suspect or not: ${what}`, () => {
    assert.deepEqual(suspicionOf({ alone }, stalls), { isSuspect, deathsAlone, isCause: false });
  });
