// A crawl that was begun again is killed in the middle, with pages confirmed by 304 in hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAddsUp } from '../support/crawls.ts';
import { startAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();
const PAGES = 400;

test('killed twice while it confirms pages: each has one record, whole, and all are unchanged', async (t) => {
  const linksFrom = (at: number) =>
    [2 * at + 1, 2 * at + 2].filter((to) => to < PAGES).map((to) => `<a href="/${to}">${to}</a>`);
  const pages = Array.from({ length: PAGES }, (_, at) => [
    at === 0 ? '/' : `/${at}`,
    { etag: `"${at}"`, body: `<title>${at}</title>${linksFrom(at).join('')}${'x'.repeat(2000)}` },
  ]);
  const site = await startValidatingSite(Object.fromEntries(pages));
  t.after(() => site.close());
  const opened = await fleets.open({ DROVER_LOCK_DURATION: '1500' });
  const { runner } = opened;
  const args = [`${site.url}/`, '--per-host', '2'];
  const first = await runner.run(['crawl', ...args, '--crawl', 'c', '--quiet']);
  assert.equal(first.code, 0, first.stderr);
  site.taken();

  const { id, drover } = await startAgain(opened, 'c', args);
  let running = drover;
  for (const asked of [PAGES / 4, PAGES / 2]) {
    await until(() => site.asked.length >= asked, { what: `${asked} requests`, deadlineMs: 60_000 });
    running.kill('SIGKILL');
    await running.exit;
    assert.ok((await runner.status(id)).waiting > 0, 'killed in the middle');
    running = runner.start(['crawl', ...args, '--crawl', 'c', '--quiet']);
  }
  const { code } = await running.exit;
  assert.equal(code, 0, running.stderr());

  const statuses = new Set(site.taken().map(({ status }) => status));
  assert.deepEqual([...statuses], [304]);
  const contents = async (crawl: string) =>
    (await runner.results(crawl))
      .map(({ id, url, title, links, body, sha256 }) => ({ id, url, title, links, body, sha256 }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  const records = await contents(id);
  assert.equal(records.length, PAGES);
  assert.deepEqual(records, await contents('c'));
  const counts = await runner.status(id);
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.unchanged], ['finished', PAGES, PAGES]);
});
