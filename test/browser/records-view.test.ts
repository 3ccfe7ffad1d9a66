// The records of a crawl in a real Chromium: a status or an error code leads to the records that have it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, openStage, picture } from '../support/api/dashboard.ts';
import { until } from '../support/signals.ts';

const stage = openStage();

test('a click on an error code of a crawl shows the records that have it; the filter is in the address', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.site.behave('/gone', { status: 404 });
  const urls = ['/gone', '/p/1', '/p/2'].map((path) => `${stage.site.url}${path}`);
  await stage.crawl({ name: 'some', urls, maxDepth: 0 });
  await until(async () => (await stage.get('/v1/crawls/some')).state === 'finished', {
    what: 'the end of the crawl',
    deadlineMs: 30_000,
  });
  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [PHONE, 'phone'],
  ] as const) {
    const { page, faults } = await stage.open(t, size);
    await go(page, '#/crawls/some');
    const records = page.getByRole('region', { name: 'Records' });
    const link = (path: string) => records.getByRole('link', { name: `${stage.site.url}${path}` });
    await link('/p/1').waitFor();
    // Both times as the other views write them: without the day if it is today.
    await page.getByText(/began \d\d:\d\d:\d\d · ended \d\d:\d\d:\d\d$/).waitFor();
    await page.getByRole('link', { name: 'E_HTTP_4XX', exact: true }).click();
    await link('/p/1').waitFor({ state: 'detached' });
    await link('/gone').waitFor();
    await records.getByText('404 E_HTTP_4XX').waitFor();
    assert.match(page.url(), /#\/crawls\/some\?code=E_HTTP_4XX$/);
    await picture(page, `records-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    // A reload keeps the filter; the form changes it.
    await page.reload();
    await link('/gone').waitFor();
    assert.equal(await link('/p/1').count(), 0);
    await records.getByRole('link', { name: 'Clear' }).click();
    await link('/p/1').waitFor();
    await records.getByLabel('Text in URL').fill('/p/2');
    await records.getByRole('button', { name: 'Filter' }).click();
    await link('/p/1').waitFor({ state: 'detached' });
    await link('/p/2').waitFor();
    await records.getByRole('link', { name: 'Clear' }).click();
    await link('/gone').waitFor();
    await records.getByLabel('Result').selectOption('failed');
    await records.getByLabel('Since').fill('1h');
    await records.getByRole('button', { name: 'Filter' }).click();
    await link('/p/2').waitFor({ state: 'detached' });
    await link('/gone').waitFor();
    await records.getByRole('link', { name: 'Clear' }).click();
    await link('/p/2').waitFor();
    await records.getByLabel('Text in URL').fill('/nothing');
    await records.getByRole('button', { name: 'Filter' }).click();
    await records.getByText('No record matches the filter.').waitFor();
    assert.deepEqual(faults, []);
  }
});
