// What must not happen to the dashboard, in a real Chromium: pages that run in it, sessions and servers that
// end, tokens that do too much.
import assert from 'node:assert/strict';
import test from 'node:test';
import { READ_TOKEN, WRITE_TOKEN } from '../support/api/api.ts';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, isLive, MARKUP, openStage } from '../support/api/dashboard.ts';

const stage = openStage();

test('what crawled pages hold is text: titles, bodies, URLs', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await stage.open(t, DESKTOP);
  const urls = ['hostile', 'formula'].map((path) => `${stage.site.url}/${path}`);
  await stage.crawl({ name: 'hostile', urls, maxDepth: 0 });
  await go(page, '#/crawls/hostile');
  await page.getByRole('cell', { name: MARKUP }).waitFor();
  await go(page, `#/explain?url=${encodeURIComponent(`javascript:alert("${MARKUP}")`)}`);
  await page.locator('.problem, .verdict').first().waitFor();
  await go(page, `#/explain?url=${encodeURIComponent(`${stage.site.url}/\u202egnp.${MARKUP}`)}`);
  await page.getByText('never offered').or(page.locator('.verdict')).first().waitFor();
  await go(page, `#/dead?q=${encodeURIComponent(MARKUP)}&show=letters`);
  await page.getByText(`with “${MARKUP}”`).waitFor();
  assert.equal(await page.locator('main img, main script, main [onerror]').count(), 0);
  const links = await page.locator('a').evaluateAll((nodes) => nodes.map((node) => String(node.href)));
  assert.deepEqual(
    links.filter((link) => !/^https?:/.test(link)),
    [],
  );
  assert.deepEqual(faults, []);
});

test('a purge says how many go, exports them first, and asks before', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.letters('purged');
  const { page, faults } = await stage.open(t, PHONE);
  await go(page, '#/dead?crawl=purged');
  await page.getByText('3 letters in 1 group').waitFor();
  await page.getByRole('button', { name: 'Purge…' }).click();
  await page.getByText('3 letters will be deleted.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).click();
  await page.getByRole('heading', { name: '3 letters purged.' }).waitFor();
  await page.getByText('Exported to').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'OK' }).click();
  await page.getByText(/^No group matches|^No dead letters/).waitFor();
  assert.deepEqual(faults, []);
});

test('exports are files, and no cell of them is a formula', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await stage.open(t, DESKTOP);
  await go(page, '#/crawls/hostile');
  await page.getByLabel('Records of hostile', { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /as CSV/ }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'hostile.csv');
  const text = await new Response(await download.createReadStream()).text();
  assert.match(text, /img src=x onerror/);
  assert.match(text, /'=HYPERLINK/);
  assert.doesNotMatch(text, /(^|,)"?[=+@\t-]/m);
  assert.deepEqual(faults, []);
});

test('a server that was killed comes back at its port, and the page is live again', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await stage.open(t, PHONE);
  stage.api.drover.killGroup();
  await page.getByText(/^reconnecting/).waitFor();
  assert.equal(await overflowOf(page), 0);
  stage.api = await stage.serve(['--processes', '1', '--port', String(stage.api.port)]);
  await isLive(page);
  await stage.crawl({ name: 'after-the-break', url: `${stage.site.url}/p/9`, maxDepth: 0 });
  await page.getByRole('row', { name: 'after-the-break' }).getByText('finished').waitFor();
  const unexpected = faults.filter(
    (fault) => !/Failed to load resource: net::ERR_|ERR_CONNECTION/.test(fault),
  );
  assert.deepEqual(unexpected, []);
});

test('a token that may only read shows all and changes nothing', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.letters('kept');
  const other = await stage.serve([], { DROVER_API_TOKEN: `ro:${READ_TOKEN},${WRITE_TOKEN}` });
  const { page, faults } = await stage.openAt(t, DESKTOP, other.url);
  await page.getByLabel('Token').fill(READ_TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('read only').waitFor();
  const verbs = /^(Start a crawl|Pause|Resume|Cancel|Limits|Canary|Replay|Purge)/;
  for (const [view, row] of [
    ['crawls', 'kept'],
    ['hosts', ''],
    ['dead', 'E_HTTP_5XX'],
  ] as const) {
    await go(page, `#/${view}`);
    if (row) await page.getByRole('row', { name: row }).first().waitFor();
    assert.equal(await page.getByRole('button', { name: verbs }).count(), 0, view);
  }
  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  assert.deepEqual(faults, []);

  await page.getByLabel('Token').fill(READ_TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await isLive(page);
  await page.context().clearCookies();
  await go(page, `#/explain?url=${encodeURIComponent(`${stage.site.url}/p/1`)}`);
  await page.getByLabel('Token').fill('no such token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.login').getByRole('alert').filter({ hasText: /\w/ }).waitFor();
  other.drover.killGroup();
});

test('the raw queues are shown, read-only, and ask no other server', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await stage.letters('raw');
  const { page, faults } = await stage.open(t, DESKTOP);
  await page.goto(`${stage.api.url}/queues/`);
  await page.getByRole('link', { name: 'requests' }).first().click();
  await page
    .getByRole('link', { name: /failed/i })
    .first()
    .click();
  await page
    .getByText(/E_HTTP_5XX/)
    .first()
    .waitFor();
  assert.equal(await page.getByRole('button', { name: /retry|clean|pause|promote|obliterate/i }).count(), 0);
  assert.deepEqual(faults, []);
});
