import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { pageCounter, startGrowthSite } from '../../../../bench/growth/site.ts';

const request = (path: string, status = 200) => ({ path, status, start: 1000, end: 1500 });

test('a page counts once among the different ones, however often it is served', () => {
  const { count, served } = pageCounter(20);
  for (const path of ['/', '/p/0', '/p/19', '/p/0', '/']) count(request(path));
  assert.deepEqual(served(), { different: 3, all: 5, seconds: 0.5 });
});

test('what is no page, or was not served, does not count', () => {
  const { count, served } = pageCounter(20);
  for (const path of ['/robots.txt', '/p/20', '/p/x', '/p/-1']) count(request(path));
  count(request('/p/3', 499));
  assert.deepEqual(served(), { different: 0, all: 0, seconds: 0 });
});

test('every page has a bit of its own', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 999 })), (pages) => {
      const { count, served } = pageCounter(1000);
      for (const page of [...pages, ...pages]) count(request(`/p/${page}`));
      return served().different === pages.length && served().all === 2 * pages.length;
    }),
  );
});

test('the site serves its pages and tells which it has served', async () => {
  const site = await startGrowthSite({ pages: 3, linksPerPage: 2, bytes: 500 });
  try {
    for (const path of ['/', '/p/2', '/p/2', '/p/3']) await (await fetch(`${site.url}${path}`)).text();
    const { different, all } = await site.served();
    assert.deepEqual({ different, all }, { different: 2, all: 3 });
  } finally {
    await site.stop();
  }
});
