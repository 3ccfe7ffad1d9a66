// A site that is crawled again as it is costs a fraction, and nothing has changed; then exactly what was
// planted.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite, type ValidatedPage } from '../support/site/validating.ts';

const fleets = openFleets();
const PAGES = 300;

/** Every seventh page has no validator: it comes again, and is equal. */
function page(path: string, body: string): [string, ValidatedPage] {
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 12)}"`;
  return [path, path.endsWith('7') ? { body } : { etag, body }];
}

const root = (paths: readonly string[]) =>
  page('/', paths.map((path) => `<a href="${path}">${path}</a>`).join(''));
const leaf = (path: string, text = '') => page(path, `<title>${path}</title>${text}${'x'.repeat(4000)}`);

test('unchanged: all pages 304 or equal, no changes, less than half of the bytes; then 25 planted changes and no other', async (t) => {
  const paths = Array.from({ length: PAGES }, (_, at) => `/p/${at}`);
  const site = await startValidatingSite(
    Object.fromEntries([root(paths), ...paths.map((path) => leaf(path))]),
  );
  t.after(() => site.close());
  const { runner } = await fleets.open();
  const crawl = async (...args: string[]) => {
    site.taken();
    const { code, stderr } = await runner.run(['crawl', ...args, '--quiet', '--per-host', '20']);
    assert.equal(code, 0, stderr);
    const asked = site.taken();
    return { asked, bytes: asked.reduce((sum, { bytes }) => sum + bytes, 0) };
  };
  const changes = async () => {
    const { code, stdout, stderr } = await runner.run(['changes', 'site', '--json', '--no-diff']);
    assert.equal(code, 0, stderr);
    const found: Record<string, { url: string }[]> = JSON.parse(stdout);
    const named = (kind: string) => (found[kind] ?? []).map(({ url }) => new URL(url).pathname).toSorted();
    return Object.fromEntries(
      ['new', 'changed', 'gone', 'back', 'unknown'].map((kind) => [kind, named(kind)]),
    );
  };
  const first = await crawl(`${site.url}/`, '--crawl', 'site');
  assert.equal(first.asked.length, PAGES + 1);

  const second = await crawl('--again', 'site');
  const { recorded, unchanged, statuses } = await runner.status('site.2');
  assert.deepEqual([recorded, unchanged, statuses], [PAGES + 1, PAGES + 1, { 200: 30, 304: PAGES - 29 }]);
  assert.ok(second.bytes <= 0.5 * first.bytes, `${second.bytes} of ${first.bytes} bytes`);
  const none = { new: [], changed: [], gone: [], back: [], unknown: [] };
  assert.deepEqual(await changes(), none);

  const planted = {
    new: Array.from({ length: 7 }, (_, at) => `/new/${at}`),
    changed: ['/', ...paths.slice(100, 109)].toSorted(),
    gone: paths.slice(200, 208).toSorted(),
  };
  for (const path of planted.new) site.pages.set(...leaf(path));
  for (const path of paths.slice(100, 109)) site.pages.set(...leaf(path, 'another text'));
  for (const path of planted.gone) site.pages.delete(path);
  site.pages.set(...root([...paths, ...planted.new]));
  await crawl('--again', 'site');
  assert.deepEqual(await changes(), { ...none, ...planted });
});
