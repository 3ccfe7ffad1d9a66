// The items of a crawl in a real Chromium: a table by the fields of the items, of all handlers or of one.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { DESKTOP, namelessControls, overflowOf, PHONE, tabTo } from '../support/api/browser.ts';
import { go, openStage, picture } from '../support/api/dashboard.ts';
import { LONG } from '../support/api/item-handlers.ts';
import { until } from '../support/signals.ts';

const handlers = join(import.meta.dirname, '../support/api/item-handlers.ts');
const stage = openStage(['--handler', handlers]);
const PRODUCTS = 40;

test('the items of a crawl stand in a table, counted live, by handler, in pages, and are exported', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.site.behave('/wide', { status: 200, body: 'wide', headers: { 'content-type': 'text/html' } });
  const urls = Array.from({ length: PRODUCTS }, (_, number) => `${stage.site.url}/p/${number}`);
  await stage.crawl({
    name: 'goods',
    urls: [...urls, `${stage.site.url}/wide`],
    maxDepth: 0,
    settings: { delay: 100 },
  });
  const { page: live, faults: liveFaults } = await stage.open(t, DESKTOP);
  await go(live, '#/crawls/goods');
  // Counted while the crawl runs, without a reload.
  const seen = new Set<string>();
  const counted = live.getByRole('region', { name: 'Items', exact: true }).getByRole('status');
  await until(
    async () => {
      seen.add((await counted.textContent()) ?? '');
      return seen.has(`${PRODUCTS + 3} items`);
    },
    { what: 'all items to be counted', deadlineMs: 30_000, everyMs: 100 },
  );
  assert.ok(seen.size > 3, [...seen].join(', '));
  assert.deepEqual(liveFaults, []);

  const dark = { ...DESKTOP, colorScheme: 'dark' as const };
  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [dark, 'dark'],
    [PHONE, 'phone'],
    [{ ...PHONE, colorScheme: 'dark' as const }, 'phone-dark'],
  ] as const) {
    const { page, faults } = await stage.open(t, size);
    await go(page, '#/crawls/goods');
    const items = page.getByRole('region', { name: 'Items', exact: true });
    const rows = items.getByRole('row').filter({ has: page.getByRole('cell') });
    const choice = items.getByLabel('Items of which handler');
    await rows.first().waitFor();
    await choice.selectOption('product');
    await until(async () => (await rows.count()) === 25, { what: 'the first page' });
    // Keyboard: the focus reaches the button, and the rest comes.
    await items.getByRole('button', { name: 'Reload' }).focus();
    await tabTo(page, '.scroll');
    await items.getByRole('button', { name: 'More' }).focus();
    await page.keyboard.press('Enter');
    await until(async () => (await rows.count()) === PRODUCTS + 1, { what: 'the second page' });
    assert.equal(await items.getByRole('button', { name: 'More' }).isVisible(), false);
    // Hostile text is text, and characters that would reverse it are visible.
    assert.equal(await page.locator('#main img').count(), 0);
    await items.getByText('<img src=x onerror=alert(1)>\\u202egnp.exe').first().waitFor();
    const long = items.locator('details').first();
    await long.locator('summary').focus();
    await page.keyboard.press('Enter');
    assert.ok((await long.textContent())?.endsWith(LONG.slice(-30)));
    await items.scrollIntoViewIfNeeded();
    await picture(page, `items-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    await choice.selectOption('wide');
    await items.getByText('no object').waitFor();
    await items.getByText('29 more fields').first().waitFor({ state: 'attached' });
    await items.scrollIntoViewIfNeeded();
    await picture(page, `items-wide-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    assert.deepEqual(await namelessControls(page), []);
    assert.deepEqual(faults, []);
  }

  const { page } = await stage.open(t, DESKTOP);
  await go(page, '#/crawls/goods');
  const items = page.getByRole('region', { name: 'Items', exact: true });
  await items.getByLabel('Items of which handler').selectOption('wide');
  for (const [label, first] of [
    ['CSV', 'url,handler,a_rather_long_field_0'],
    ['NDJSON', `{"url":"${stage.site.url}/wide","handler":"wide"`],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      items.getByRole('button', { name: `Items as ${label}` }).click(),
    ]);
    assert.equal(download.suggestedFilename(), `goods-items.${label.toLowerCase()}`);
    assert.ok((await readFile(await download.path(), 'utf8')).startsWith(first));
  }
});

test('a crawl without items says what a handler is, and leads to what is written of it', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.site.behave('/plain', { status: 200, body: 'plain', headers: { 'content-type': 'text/html' } });
  await stage.crawl({ name: 'plain', urls: [`${stage.site.url}/plain`], maxDepth: 0 });
  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [PHONE, 'phone'],
  ] as const) {
    const { page, faults } = await stage.open(t, size);
    await go(page, '#/crawls/plain');
    const items = page.getByRole('region', { name: 'Items', exact: true });
    await items.getByText('A handler is your own code for a fetched page').waitFor();
    assert.equal(await items.getByRole('button').count(), 0);
    await items.scrollIntoViewIfNeeded();
    await picture(page, `items-none-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    const href = await items.getByRole('link', { name: 'what handlers can do' }).getAttribute('href');
    const guide = await fetch(`${stage.api.url}${href}`);
    assert.equal(guide.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.match(await guide.text(), /^# Handlers: your own code for fetched pages/);
    assert.deepEqual(faults, []);
  }
});
