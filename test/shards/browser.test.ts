// A consumer with a browser that serves some of the shards.
import assert from 'node:assert/strict';
import test from 'node:test';
import { takeBrowserJobs } from '../../consumers/render/browser-jobs.ts';
import type { Renders } from '../../consumers/render/renders.ts';
import type { Fleet } from '../../src/fleet.ts';
import { hasBrowser } from '../../src/frontier/for-browser.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

test('home knows of a browser whose consumer does not serve it, and other shards do not', async (t) => {
  const { fleet: home } = await fleets.open({ DROVER_SHARDS: '4' });
  const [, one, two] = home.shards as [Fleet, Fleet, Fleet];
  const renders = { isServing: true, reserve: () => false } as unknown as Renders; // no place is free
  const jobs = takeBrowserJobs({
    ...{ context: { renders, stopping: () => false }, lockDurationMs: 30_000, onError: assert.ifError },
    shards: [{ fleet: one, run: () => Promise.resolve() }],
  });
  t.after(() => jobs.stop());
  await until(() => hasBrowser(home), { what: 'home to know' });
  await until(() => hasBrowser(one), { what: 'its own shard to know' });
  assert.equal(await hasBrowser(two), false);
});
