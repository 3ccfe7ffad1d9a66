// A connection whose primary is looked for: it is made however long that takes, and closed at once.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { freePort, startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

/** A Cluster of one node. */
async function startNode(t: TestContext) {
  const bus = String(await freePort());
  const node = await startTestRedis({ tcp: true, args: ['--cluster-enabled', 'yes', '--cluster-port', bus] });
  t.after(() => node.stop());
  const admin = connectRedis({ url: node.url }, 'producer');
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const isWhole = async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
  await until(isWhole, { what: 'the slots to be taken', everyMs: 20 });
  closeRedis(admin);
  return { node, address: { url: node.url.replace('redis:', 'redis+cluster:'), namespace: '{drover:0}' } };
}

test('who asks for a new connection while the primary is looked for does not end the search', async (t) => {
  const { node, address } = await startNode(t);
  node.kill();
  const redis = connectRedis(address, 'worker');
  t.after(() => closeRedis(redis));
  const set = redis.set('{drover:0}:x', '1');
  await sleep(300);
  assert.equal(redis.status, 'connecting');
  redis.disconnect(true);
  await node.restart();
  assert.equal(await set, 'OK');
});

test('closing ends the search at once, and with it the calls that wait', async (t) => {
  const { node, address } = await startNode(t);
  node.kill();
  const redis = connectRedis(address, 'script');
  const got = assert.rejects(redis.get('{drover:0}:x'), /Connection is closed/);
  await sleep(300);
  const closedAt = performance.now();
  closeRedis(redis);
  await got;
  assert.ok(performance.now() - closedAt < 500);
});
