import assert from 'node:assert/strict';
import test from 'node:test';
import { servedShards } from '../../../../consumers/shards/served.ts';

test('all shards are served, unless some were asked for', () => {
  assert.deepEqual(servedShards(null, 4), [0, 1, 2, 3]);
  assert.deepEqual(servedShards([0, 3], 4), [0, 3]);
  assert.deepEqual(servedShards([0], 1), [0]);
});

test('a shard that is not there is named, with those that are', () => {
  assert.throws(() => servedShards([1, 4], 4), { code: 'E_SETTING', message: /no shard 4; .* 0 to 3/ });
  assert.throws(() => servedShards([1], 1), { code: 'E_SETTING', message: /no shard 1; .* shard 0 alone/ });
});
