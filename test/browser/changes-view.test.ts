// The changes between two runs in a real Chromium: in the dashboard, with the lines that differ.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createClient } from '../../src/client/client.ts';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, MARKUP, openStage, picture } from '../support/api/dashboard.ts';
import { until } from '../support/signals.ts';

const stage = openStage();
const headers = { 'content-type': 'text/html' };
const text = MARKUP.replaceAll('<', '&lt;');

async function crawl(id: string, paths: readonly string[]): Promise<void> {
  const urls = paths.map((path) => `${stage.site.url}${path}`);
  await stage.crawl({ name: 'shop', urls, maxDepth: 0 });
  const isFinished = async () => (await stage.get(`/v1/crawls/${id}`)).state === 'finished';
  await until(isFinished, { what: `the end of ${id}`, deadlineMs: 30_000 });
}

test('the view of a run shows what has changed since the former one, line by line', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { site } = stage;
  const page = (title: string, price: string, footer = 'a') =>
    site.behave('/p/1', {
      ...{ headers },
      body: `<title>${title}</title><p>A cup.</p><p>${text} ${price}</p><footer>${footer}</footer>`,
    });
  await page('Cup', '12 euros');
  await site.behave('/p/2', { headers, body: '<p>stays</p><footer>1</footer>' });
  await crawl('shop', ['/p/1', '/p/2', '/p/3', '/p/4']);
  await page('Mug', '13 euros');
  await site.behave('/p/2', { headers, body: '<p>stays</p><footer>2</footer>' });
  await site.behave('/p/3', { status: 404 });
  await site.behave('/p/4', { status: 403 });
  await crawl('shop.2', ['/p/1', '/p/2', '/p/3', '/p/4', '/p/5']);

  const client = createClient({ url: stage.api.url });
  const found = await client.crawls.changes('shop.2');
  assert.deepEqual(found.counts, { new: 1, changed: 3, gone: 1, back: 0, unknown: 0, same: 0 });
  assert.deepEqual(
    found.changed?.map(({ fields, text: state }) => [fields?.join(), state]),
    [
      ['title,content', 'changed'],
      ['content', 'same'],
      ['status', undefined],
    ],
  );
  assert.ok(found.changed?.[0]?.diff?.includes(`-${MARKUP} 12 euros\n+${MARKUP} 13 euros`));
  const texts = await client.crawls.changes('shop.2', { text: true, diff: false, kind: 'changed', most: 1 });
  assert.deepEqual([texts.counts.changed, texts.counts.same, texts.changed?.length], [2, 1, 1]);
  assert.deepEqual([texts.gone, texts.changed?.[0]?.diff], [undefined, undefined]);
  const back = await client.crawls.changes('shop', { from: 'shop.2' });
  assert.deepEqual([back.counts.changed, back.counts.gone, back.from.crawl], [4, 1, 'shop.2']);
  const refusals: [path: string, status: number, code: string][] = [
    ['shop/changes', 404, 'E_RUN_NONE'],
    ['none/changes', 404, 'E_CRAWL_UNKNOWN'],
    ['shop.2/changes?from=none', 404, 'E_CRAWL_UNKNOWN'],
    ['shop.2/changes?kind=newer', 400, 'E_FIELD'],
    ['shop.2/changes?most=0', 400, 'E_FIELD'],
  ];
  for (const [path, status, code] of refusals) {
    const answer = await stage.api.call('GET', `/v1/crawls/${path}`);
    assert.deepEqual([answer.status, answer.json.code], [status, code], path);
  }

  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [PHONE, 'phone'],
  ] as const) {
    const { page: tab, faults } = await stage.open(t, size);
    await go(tab, '#/crawls/shop.2');
    const panel = tab.getByRole('region', { name: 'Changes' });
    await panel.getByRole('button', { name: 'Compare with the former run' }).click();
    await panel.getByText('Changed: 3').click();
    await panel.getByText(`+${MARKUP} 13 euros`).waitFor();
    await panel.getByText('Cup → Mug').waitFor();
    await panel.getByText('the text is the same').waitFor();
    await panel.getByText('Gone: 1').click();
    await panel.getByRole('link', { name: `${site.url}/p/3` }).waitFor();
    await panel.getByText('200 → 404').waitFor();
    await panel.scrollIntoViewIfNeeded();
    await picture(tab, `changes-${name}`);
    assert.equal(await overflowOf(tab), 0, name);
    await panel.getByRole('checkbox', { name: 'only texts' }).check();
    await panel.getByRole('button', { name: 'Compare again' }).click();
    await panel.getByText('Changed: 2').waitFor();
    assert.deepEqual(faults, []);
  }
});
