import assert from 'node:assert/strict';
import test from 'node:test';
import { memoryIn } from '../../../src/queue/job-memory.ts';

const hop = { url: 'http://b.example/', method: 'GET', redirects: 1, isAway: true, withBody: false };
const nothing = { rateLimitedAt: null, hop: null, tries: [], alone: null };

test('a job remembers what it was told, and nothing before that', () => {
  for (const progress of [0, null, undefined, {}]) assert.deepEqual(memoryIn({ progress }), nothing);
  assert.deepEqual(memoryIn({ progress: { rateLimitedAt: 5, hop } }), { ...nothing, rateLimitedAt: 5, hop });
});

test('the former name of the time since when its server has told it to come later is read', () => {
  assert.deepEqual(memoryIn({ progress: { toldOffAt: 5, hop, tries: [] } }), {
    ...nothing,
    rateLimitedAt: 5,
    hop,
  });
  assert.equal(memoryIn({ progress: { toldOffAt: 5, rateLimitedAt: 6 } }).rateLimitedAt, 6);
});
