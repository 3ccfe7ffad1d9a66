import assert from 'node:assert/strict';
import test from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { createLoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import { viewCrawl } from '../../src/crawl/views.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

test('a crawl that a former version began goes on under the present names, with defaults for what it lacks', async () => {
  const { fleet } = await fleets.open();
  const settings = crawlSettings({
    ...{ ...defaultSettings, perHost: 7, header: { 'x-tenant': 'hush' } },
    webhook: 'https://hooks.example/hush',
  });
  const { id } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  // As that version wrote it.
  const { maxPostponed: _maxPostponed, maxChain: _maxChain, ...former } = settings;
  const written = JSON.stringify({ ...former, maxSnooze: 1234 });
  await fleet.redis.hset(fleet.keys.crawl(id), 'settings', written);
  const expected = { ...settings, maxPostponed: 1234 };

  const loaded = await createLoadedCrawls(fleet).get(id);
  assert.deepEqual(loaded?.settings, expected);

  const view = await viewCrawl(fleet, id);
  const shown = { header: { 'x-tenant': '[redacted]' }, webhook: 'https://hooks.example/[redacted]' };
  assert.deepEqual(view.settings, { ...expected, ...shown });
});
