// The look-up of former records: it never keeps a page from being fetched, and never makes others wait.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FormerPages } from '../../../../consumers/again/former-pages.ts';
import { crawlSettings, defaultSettings } from '../../../../src/config/settings.ts';
import type { FormerRun } from '../../../../src/crawl/former-run.ts';
import { loadedCrawlOf } from '../../../../src/crawl/loaded-crawl.ts';
import { DroverError } from '../../../../src/errors.ts';
import { createHandlerChoice } from '../../../../src/handlers/choose.ts';
import type { CrawlRecord } from '../../../../src/record.ts';
import type { PlacedRecord, RecordStore } from '../../../../src/records/store.ts';
import type { Request, RequestExtras } from '../../../../src/request.ts';
import { recordOf } from '../../../support/records/odd-records.ts';

const settings = crawlSettings(defaultSettings);
const former: FormerRun = { crawl: 'c', store: '', folder: 'c-1', sameHeaders: true, sameBody: true };
const record = recordOf(1, { headers: { etag: '"1"' }, sha256: 'ab', body: '' });
const placed = (found: CrawlRecord): PlacedRecord => ({ file: 'f', offset: 0, record: found });

type Find = (folder: string, id: string) => Promise<PlacedRecord | null>;

function opened(find: Find, more: Partial<ConstructorParameters<typeof FormerPages>[0]> = {}) {
  const noted: string[] = [];
  const asked: string[] = [];
  const pages = new FormerPages({
    stores: {
      at: (address) => {
        asked.push(address);
        return { find } as unknown as RecordStore;
      },
    },
    loadedCrawls: { get: (crawl) => loadedCrawlOf(crawl, 'c-1', settings) },
    handlers: null,
    alikePages: { isLookedAt: () => false },
    troubles: { note: (error) => noted.push((error as Error).message) },
    log: { warn: (fields: unknown) => noted.push(JSON.stringify(fields)) } as never,
    patienceMs: 20,
    ...more,
  });
  const find_ = (run: FormerRun | null = former, extras: RequestExtras | null = null) => {
    const request: Request = { url: record.url, depth: 0, referrer: null, extras };
    return pages.find(loadedCrawlOf('c.2', 'c-2', settings, run), record.id, request);
  };
  return { noted, asked, find: find_ };
}

test('the record is asked of the store and the folder of the former run', async () => {
  const at: string[][] = [];
  const { find, asked } = opened(async (...given) => {
    at.push(given.slice(0, 2));
    return placed(record);
  });
  const page = await find({ ...former, store: 'postgres://host/db' });
  assert.deepEqual([page?.crawl, page?.conditions?.headers], ['c', { 'if-none-match': '"1"' }]);
  await find();
  assert.deepEqual(asked, ['postgres://host/db', 'file:']);
  assert.deepEqual(at[0], ['c-1', record.id]);
});

test('nothing is asked for a crawl without a former run, for sitemaps and for links to check', () => {
  const { find, asked } = opened(async () => placed(record));
  assert.equal(find(null), null);
  assert.equal(find(former, { sitemap: {} }), null);
  assert.equal(find(former, { method: 'HEAD', checkOnly: true }), null);
  assert.deepEqual(asked, []);
});

test('a store that fails is noted, and left alone for a while; pages are fetched without it', async () => {
  const { find, asked, noted } = opened(async () => {
    throw new DroverError('E_STORE_DOWN', 'away');
  });
  assert.equal(await find(), null);
  assert.equal(await find(), null);
  assert.equal(asked.length, 1);
  assert.equal(noted.length, 1);
  assert.match(noted[0] ?? '', /away/);
});

test('a store that is too slow holds up the first requests alone, until it has answered', async () => {
  const answer = Promise.withResolvers<PlacedRecord>();
  const { find, asked, noted } = opened(() => answer.promise);
  const firsts = [find(), find()];
  assert.deepEqual(await Promise.all(firsts), [null, null]);
  assert.equal(noted.length, 1);
  assert.equal(await find(), null);
  assert.equal(asked.length, 2, 'no other waits for it');
  answer.resolve(placed(record));
  await setImmediate();
  assert.ok(await find(), 'it is asked again');
});

test('a page that its handler takes is asked about only with its body; so is one that may be alike', async () => {
  const handlers = createHandlerChoice([{ name: 'h', match: { url: '/1' }, run: () => undefined }]);
  const noBody = { ...record, body: null, charset: null };
  const handled = opened(async () => placed(noBody), { handlers });
  assert.equal((await handled.find())?.conditions, null);
  const alike = opened(async () => placed(noBody), { alikePages: { isLookedAt: () => true } });
  assert.equal((await alike.find())?.conditions, null);
  const plain = opened(async () => placed(noBody));
  assert.notEqual((await plain.find())?.conditions, null);
});

test('nothing is asked about when links were normalised by other rules, or when the archive would lack pages', async () => {
  const others = { ...settings, stripParams: ['utm_source'] };
  const rules = opened(async () => placed(record), {
    loadedCrawls: { get: (crawl) => loadedCrawlOf(crawl, 'c-1', others) },
  });
  assert.equal((await rules.find())?.conditions, null);
  const forgotten = opened(async () => placed(record), {
    loadedCrawls: { get: () => Promise.resolve(null) },
  });
  assert.notEqual(
    (await forgotten.find())?.conditions,
    null,
    'a former run that was forgotten has its records',
  );
});
