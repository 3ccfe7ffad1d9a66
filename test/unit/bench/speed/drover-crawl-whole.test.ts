import assert from 'node:assert/strict';
import test from 'node:test';
import type { Bench } from '../../../../bench/measure/measure.ts';
import { droverCrawl } from '../../../../bench/speed/drover-crawl.ts';
import { gotLoop } from '../../../../bench/speed/got-loop.ts';
import { startSite } from '../../../support/site/site.ts';

test('a crawl, or the loop, that did not get every page is no measurement', async () => {
  const site = await startSite({ pages: 30 });
  const bench: Bench = { site, pages: 30, concurrency: 5 };
  try {
    assert.equal((await droverCrawl(bench)).pages, 31);
    await site.behave('/p/7', { status: 404 });
    await assert.rejects(droverCrawl(bench), /30 pages were fetched, not 31: this measured nothing/);
    await assert.rejects(gotLoop(bench), /404/);
  } finally {
    await site.stop();
  }
});
