// How soon requests that a process has offered are brought into the queue.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { createDispatcher } from '../../consumers/shards/dispatcher.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { offerSeeds } from '../../src/seeds/offer.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const ROUNDS = 12;

test('what this process has offered is dispatched at once, and not only with the next look', async (t) => {
  const { fleet } = await fleets.open();
  const producer = randomUUID();
  const { id: crawl } = await beginCrawl(fleet, {
    ...{ name: 'soon', producer, settings: defaultSettings, seeds: '', store: null },
  });
  const queue = openQueue(fleet);
  const onError = (error: unknown) => assert.fail(String(error));
  const dispatcher = createDispatcher({
    ...{ fleet, queue, serve: '*', isServed: true, wanted: () => 100, onError },
  });
  t.after(() => dispatcher.stop());
  let offered = 0;
  /** From the offer of one request of a new host to its job. */
  async function timeToJob(onAccepted: () => void): Promise<number> {
    const line = { source: 'test', line: 1, input: { url: `https://host-${++offered}.example/` } };
    const lines = (async function* () {
      yield line;
    })();
    const since = performance.now();
    const rest = { onBadLine: () => assert.fail(), stopped: () => false, onAccepted, keepSeeds: false };
    await offerSeeds({ fleet, crawl, producer, lines, ...rest });
    await until(async () => (await queue.count()) === offered, { what: 'the job', everyMs: 1 });
    return performance.now() - since;
  }
  const took = { kicked: 0, waited: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    took.kicked += await timeToJob(dispatcher.kick);
    took.waited += await timeToJob(() => undefined);
  }
  assert.ok(took.kicked < 0.7 * took.waited, JSON.stringify(took));
});
