// What waits for a browser holds the rest of its crawl back, so that the queue does not fill with jobs that
// all wait for one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { dispatch } from '../../src/frontier/dispatch.ts';
import { listForBrowser, takeForBrowser } from '../../src/frontier/for-browser.ts';
import { offer } from '../../src/frontier/offer.ts';
import { bareCrawl } from '../support/fleets/steering.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const MOST = 200;

test('while 200 jobs of a crawl wait for a browser, its lanes give nothing; other crawls go on', async () => {
  const crawl = await bareCrawl(fleets.redis);
  const other = await bareCrawl(fleets.redis, crawl.namespace, 'other');
  const { fleet, id } = crawl;
  for (const one of [crawl, other]) {
    const requests = Array.from({ length: 5 }, () => one.page());
    await offer(
      fleet,
      one.id,
      requests.map((request, at) => ({ ...request, url: `http://h${at}.example/` })),
    );
  }
  for (let at = 0; at < MOST; at++) await listForBrowser(fleet, `${id}.waiting${at}`);
  await listForBrowser(fleet, `${id}.waiting0`);
  const ask = async () => {
    const { handed } = await dispatch(fleet, {
      ...{ serve: '*', wanted: 100, leaseMs: 4000, releases: [], arrived: [] },
    });
    return handed.map((request) => request.crawl);
  };
  assert.deepEqual(new Set(await ask()), new Set([other.id]));
  // None of them is delayed in the queue any more, so none is given; they wait no longer.
  assert.equal(await takeForBrowser(fleet, { token: 't', lockMs: 1000 }), null);
  assert.deepEqual(new Set(await ask()), new Set([id]));
});
