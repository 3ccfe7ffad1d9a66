// The site report in a real Chromium: in the dashboard, with the pages that link to what is broken.
import assert from 'node:assert/strict';
import test from 'node:test';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, MARKUP, openStage, picture } from '../support/api/dashboard.ts';
import { until } from '../support/signals.ts';

const stage = openStage();

test('the view of a crawl makes its report: broken links stand with the pages that link to them', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { url } = stage.site;
  const title = `<title>${MARKUP.replaceAll('<', '&lt;')}</title>`;
  await stage.site.behave('/p/1', {
    body: `${title}<a href="/gone">x</a>`,
    headers: { 'content-type': 'text/html' },
  });
  await stage.site.behave('/p/2', { body: title, headers: { 'content-type': 'text/html' } });
  await stage.site.behave('/gone', { status: 404 });
  const urls = ['/p/1', '/p/2', '/gone'].map((path) => `${url}${path}`);
  await stage.crawl({ name: 'faulty', urls, maxDepth: 0 });
  await until(async () => (await stage.get('/v1/crawls/faulty')).state === 'finished', {
    what: 'the end of the crawl',
    deadlineMs: 30_000,
  });
  const report = await stage.get('/v1/crawls/faulty/report?slow=60000');
  assert.deepEqual(report.brokenLinks[0].from, [`${url}/p/1`]);
  assert.deepEqual([report.counts.brokenLinks, report.counts.duplicateTitles], [1, 1]);
  assert.deepEqual(report.duplicateTitles, [{ title: MARKUP, urls: [`${url}/p/1`, `${url}/p/2`] }]);
  assert.equal((await stage.api.call('GET', '/v1/crawls/none/report')).status, 404);
  assert.equal((await stage.api.call('GET', '/v1/crawls/faulty/report?most=0')).status, 400);
  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [PHONE, 'phone'],
  ] as const) {
    const { page, faults } = await stage.open(t, size);
    await go(page, '#/crawls/faulty');
    const panel = page.getByRole('region', { name: 'Site report' });
    await panel.getByRole('button', { name: 'Make the report' }).click();
    await panel.getByText('Broken links: 1').click();
    await panel.getByRole('link', { name: `${url}/gone` }).waitFor();
    await panel
      .getByRole('link', { name: `${url}/p/1` })
      .first()
      .waitFor();
    await panel.getByText('Duplicate titles: 1').click();
    await panel.getByText(MARKUP).waitFor();
    await panel.scrollIntoViewIfNeeded();
    await picture(page, `report-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    assert.deepEqual(faults, []);
  }
});
