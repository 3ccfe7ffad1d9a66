// When a page is asked about, and when it is fetched like any other.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import {
  formerAnswerOf,
  formerPageOf,
  isEqual,
  type RunFacts,
} from '../../../../consumers/again/former-page.ts';
import { crawlSettings, defaultSettings } from '../../../../src/config/settings.ts';
import type { CrawlRecord } from '../../../../src/record.ts';
import type { RequestExtras } from '../../../../src/request.ts';
import { recordOf } from '../../../support/records/odd-records.ts';

const settings = crawlSettings(defaultSettings);
const run = { crawl: 'c', store: '', folder: 'c-1', sameHeaders: true, sameBody: true };
const facts: RunFacts = { former: run, settings, sameLinks: true, hasArchive: true };
const digest = (body: string | Buffer) => createHash('sha256').update(body).digest('hex');
const page = (more: Partial<CrawlRecord> = {}): CrawlRecord => {
  const body = '<p>ü</p>';
  const headers = { etag: '"1"', 'content-type': 'text/html' };
  return recordOf(1, { body, headers, bytes: Buffer.byteLength(body), sha256: digest(body), ...more });
};

interface Case {
  record?: Partial<CrawlRecord>;
  facts?: Partial<RunFacts>;
  extras?: RequestExtras;
  isRead?: boolean;
}
function formerOf({ record, facts: others, extras, isRead = false }: Case) {
  const request = { url: 'http://example.com/1', depth: 0, referrer: null, extras: extras ?? null };
  return formerPageOf(page(record), request, { ...facts, ...others }, isRead);
}
const asks = (given: Case) => formerOf(given).conditions !== null;
const set = (more: Partial<RunFacts['settings']>) => ({ settings: { ...settings, ...more } });
const error = { code: 'E_HTTP_4XX', layer: 'http', message: 'x' } as const;
const statement = { source: 'meta', line: null, name: 'robots', value: 'noai' } as const;
const usage = { reserves: [], allows: [], statements: [statement], leftOut: 0 };

test('a page is asked about whose record is whole, in a run that asks in the same words', () => {
  for (const given of [
    {},
    { record: { status: 304 } },
    { record: { body: null, charset: null } },
    { record: { usage } },
    { facts: set({ body: 'none' }), record: { body: null } },
    { facts: set({ header: { 'accept-language': 'de' } }) },
    { extras: { label: 'a', priority: 1, userData: 1 } },
  ] satisfies Case[])
    assert.ok(asks(given), JSON.stringify(given));
});

test('any other is fetched in full: one that failed, whose body was purged, or that may be another', () => {
  for (const given of [
    { record: { status: 404, ok: false, error } },
    { record: { error } },
    { record: { status: 206 } },
    { record: { sha256: null } },
    { record: { body: null } },
    { record: { headers: { 'content-type': 'text/html' } } },
    { record: { headers: null } },
    { record: { usage: { ...usage, leftOut: 1 } } },
    { record: { usage: { ...usage, statements: [{ ...statement, value: 'long…' }] } } },
    { facts: set({ body: 'base64' }), record: { body: null, charset: null } },
    { facts: set({ header: { 'If-None-Match': '"own"' } }) },
    { facts: set({ header: { range: 'bytes=0-9' } }) },
    { facts: { former: { ...run, sameHeaders: false } } },
    { facts: { former: { ...run, sameBody: false } } },
    { facts: { sameLinks: false } },
    { facts: { hasArchive: false } },
    { extras: { headers: { accept: 'application/json' } } },
    { extras: { method: 'POST', body: 'a' } },
    { extras: { method: 'HEAD' } },
  ] satisfies Case[])
    assert.ok(!asks(given), JSON.stringify(given));
});

test('a page that is read again is asked about only if its record has every byte that came', () => {
  const latin = Buffer.from('<p>ü</p>', 'latin1');
  const base64 = { body: latin.toString('base64'), bytes: latin.length, sha256: digest(latin) };
  assert.equal(formerOf({ isRead: true }).body?.toString(), '<p>ü</p>');
  assert.deepEqual(formerOf({ isRead: true, record: base64, facts: set({ body: 'base64' }) }).body, latin);
  assert.ok(
    !asks({ isRead: true, record: { bytes: latin.length, sha256: digest(latin) } }),
    'text of latin1',
  );
  assert.ok(!asks({ isRead: true, record: { body: null, charset: null } }));
  assert.equal(formerOf({}).body, null, 'else its body is not made');
});

test('what is not asked about does not keep body and links in memory, and can still be found equal', () => {
  const { record } = formerOf({ record: { headers: {} } });
  assert.deepEqual([record.body, record.links, record.items], [null, null, null]);
  assert.ok(isEqual(record, page()));
});

test('a page is equal with the same digest and status at the same URL; a 304 stands for its 200', () => {
  assert.ok(isEqual(page(), page()));
  assert.ok(isEqual(page({ status: 304 }), page()));
  assert.ok(!isEqual(page(), page({ sha256: digest('other') })));
  assert.ok(!isEqual(page(), page({ status: 203 })));
  assert.ok(!isEqual(page(), page({ finalUrl: 'http://example.com/2' })));
  assert.ok(!isEqual(page({ ok: false, error }), page()));
  assert.ok(!isEqual(page({ sha256: null }), page({ sha256: null })));
});

test('a revisit record names the digest of what came: known only of bodies without content coding', () => {
  const named = (headers: Record<string, string>) =>
    formerAnswerOf(formerOf({ record: { headers } })).payloadDigest;
  assert.equal(named({}), `sha256:${digest('<p>ü</p>')}`);
  assert.equal(named({ 'content-encoding': 'gzip' }), null);
});
