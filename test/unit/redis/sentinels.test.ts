import assert from 'node:assert/strict';
import test from 'node:test';
import { askSentinel, type GuideLine, newestPrimary } from '../../../src/redis/sentinels.ts';

const at = (port: number) => ({ host: '10.0.0.1', port });
const says = (port: number, epoch: number, isChoosing = false) => ({
  ...{ primary: at(port), others: [], epoch, isChoosing },
});

test('of Sentinels that differ, the one with the highest epoch is believed', () => {
  assert.deepEqual(newestPrimary([says(1, 3), says(2, 4), says(1, 3)]), at(2));
});

test('while one of them replaces the primary, there is none; one that is behind the others is not asked', () => {
  assert.throws(() => newestPrimary([says(1, 3), says(1, 3, true)]), /choose another primary/);
  assert.deepEqual(newestPrimary([says(1, 3, true), says(2, 4)]), at(2));
});

/** A Sentinel by its answers, as Redis 7 gives them. */
const sentinel = (address: [string, string] | null, fields: Record<string, string> | null): GuideLine => ({
  status: 'ready',
  on: () => undefined,
  disconnect: () => undefined,
  async call(_command, question) {
    if (question === 'GET-MASTER-ADDR-BY-NAME') return address;
    if (question === 'MASTER' && fields === null) throw new Error('NOPERM');
    return question === 'MASTER' ? Object.entries(fields ?? {}).flat() : [];
  },
});

test('a Sentinel that leads a failover names nobody until it gives clients another address', async () => {
  const fields = {
    ip: '10.0.0.1',
    port: '1',
    flags: 'master,o_down,failover_in_progress',
    'config-epoch': '3',
  };
  const before = await askSentinel(sentinel(['10.0.0.1', '1'], fields), 'm');
  assert.deepEqual([before.isChoosing, before.epoch], [true, 3]);
  const after = await askSentinel(sentinel(['10.0.0.1', '2'], fields), 'm');
  assert.deepEqual([after.isChoosing, after.primary], [false, at(2)]);
  const forbidden = await askSentinel(sentinel(['10.0.0.1', '2'], null), 'm');
  assert.deepEqual([forbidden.isChoosing, forbidden.primary], [false, at(2)]);
  await assert.rejects(askSentinel(sentinel(null, null), 'm'), /No Sentinel knows a primary of the name m/);
});
