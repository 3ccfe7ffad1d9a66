import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  packRequest,
  parseRequest,
  type Request,
  type RequestExtras,
  type RequestInput,
  unpackRequest,
} from '../../src/request.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';

const url = 'https://example.com/docs/a?b=1';
const plain: Request = { url, depth: 0, referrer: null, extras: null };

/** Only what the schema allows; every field present or absent; as JSON gives it. */
const extras: fc.Arbitrary<RequestExtras> = fc
  .record(
    {
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
      headers: fc.dictionary(
        fc.constantFrom('accept', 'x-one', 'Cookie'),
        fc.string({ unit: 'grapheme-ascii' }),
      ),
      body: fc.string({ unit: 'binary' }),
      userData: fc.jsonValue(),
      priority: fc.integer({ min: 0, max: 9 }),
      label: fc.string(),
      limiter: fc.record({ key: fc.constant('api'), concurrency: fc.integer({ min: 1, max: 9 }) }),
      attempts: fc.integer({ min: 1, max: 100 }),
      backoff: fc.record({ delayMs: fc.integer({ min: 1 }) }),
      timeouts: fc.record({ dns: fc.integer({ min: 1 }), request: fc.integer({ min: 1 }) }),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.parse(JSON.stringify(value)));

const urls = fc
  .tuple(
    fc.constantFrom('http://a.example/', 'https://a.example/docs/', 'https://b.example:81/'),
    fc.webPath(),
    fc.nat(99),
  )
  .map(([start, path, number]) => `${start}${path.slice(1)}?n=${number}`);

/** Any other page, the page itself, or one whose URL begins as this one does or is the beginning of it. */
const linked = urls.chain((to) => {
  const sharing = fc
    .tuple(fc.nat(to.length), fc.webPath())
    .map(([length, rest]) => to.slice(0, length) + rest);
  return fc.tuple(fc.constant(to), fc.oneof(urls, fc.constant(to), fc.constant(null), sharing));
});

test('a request is the same after packing and unpacking, whatever it carries', () => {
  const requests = fc
    .tuple(linked, fc.nat(1_000_000), fc.option(extras))
    .map(([[url, referrer], depth, extras]): Request => ({ url, depth, referrer, extras }));
  fc.assert(
    fc.property(requests, (request) => {
      assert.deepEqual(unpackRequest(packRequest(request)), request);
    }),
    { numRuns: 1000 },
  );
});

test('a link to the neighbouring page costs but a few characters beside its URL', () => {
  const packed = packRequest({ ...plain, depth: 3, referrer: 'https://example.com/docs/b' });
  assert.ok(packed.length - url.length <= 10, `${packed.length - url.length} characters more`);
});

test('an identity stands first where the URL alone does not give it, and only there', () => {
  const idOf = (extras: RequestExtras | null) => packRequest({ ...plain, extras }).split('\x1f')[0];
  for (const extras of [null, {}, { label: 'x' }, { headers: { accept: '*/*' } }])
    assert.equal(idOf(extras), '');
  for (const extras of [{ method: 'POST', body: 'a' }, { method: 'HEAD' }, { body: 'a' }] as const) {
    assert.equal(idOf(extras), fingerprint({ url, ...extras }));
  }
});

test('a text that is no packed request is refused', () => {
  for (const text of ['', url, `\x1f0\x1f\x1f\x1f${url}`, '\x1f0\x1f\x1f\x1f\x1f']) {
    assert.throws(() => unpackRequest(text), /not a packed request/);
  }
});

test('a request with every field is taken as it is', () => {
  const input: RequestInput = {
    ...{ url, method: 'POST', headers: { 'x-one': 'a; b' }, body: 'x', userData: { a: [1, null] } },
    ...{ priority: 9, label: 'list', depth: 2, attempts: 3, backoff: { delayMs: 100, maxMs: 1000 } },
    limiter: { key: 'api.example', concurrency: 2, max: 10, durationMs: 1000 },
    timeouts: { dns: 1, connect: 2, tls: 3, send: 4, response: 5, read: 6, request: 7 },
  };
  assert.deepEqual(parseRequest(input), { input });
  assert.deepEqual(
    parseRequest({ url: 'x' }),
    { input: { url: 'x' } },
    'whether it is a URL is not asked here',
  );
});

test('a request that is wrong is refused with the field that is', () => {
  const wrong: [object, string][] = [
    [{}, 'url'],
    [{ url: '' }, 'url'],
    [{ url, method: 'get' }, 'method'],
    [{ url, method: 'CONNECT' }, 'method'],
    [{ url, headers: { 'x-one': 'a\r\nb: c' } }, 'headers.x-one'],
    [{ url, headers: { 'x one': 'a' } }, 'headers.x one'],
    [{ url, headers: { 'x-one': 1 } }, 'headers.x-one'],
    [{ url, body: 'x'.repeat(1_048_577) }, 'body'],
    [{ url, priority: 10 }, 'priority'],
    [{ url, label: 'x'.repeat(201) }, 'label'],
    [{ url, depth: -1 }, 'depth'],
    [{ url, depth: '1' }, 'depth'],
    [{ url, attempts: 0 }, 'attempts'],
    [{ url, limiter: {} }, 'limiter.key'],
    [{ url, limiter: { key: 'a b' } }, 'limiter.key'],
    [{ url, limiter: { key: 'a', concurrency: 0 } }, 'limiter.concurrency'],
    [{ url, backoff: { delayMs: 0.5 } }, 'backoff.delayMs'],
    [{ url, timeouts: { dns: 0 } }, 'timeouts.dns'],
  ];
  for (const [value, field] of wrong) {
    const parsed = parseRequest(value);
    assert.ok('failure' in parsed, JSON.stringify(value).slice(0, 100));
    assert.equal(parsed.failure.code, 'E_REQUEST_INVALID');
    assert.ok(parsed.failure.message.includes(` ${field}: `), parsed.failure.message);
  }
});

test('a field that there is not is named, in a part as well', () => {
  for (const value of [
    { url, metod: 'GET' },
    { url, timeouts: { metod: 1 } },
    { url, limiter: { key: 'a', metod: 1 } },
  ]) {
    const parsed = parseRequest(value);
    assert.match('failure' in parsed ? parsed.failure.message : '', /metod/);
  }
});

test('what is no object at all is refused', () => {
  for (const value of [null, 'https://example.com/', 7, [], undefined])
    assert.ok('failure' in parseRequest(value));
});

test('names of headers are kept in lower case, and one that is given twice is refused', () => {
  const parsed = parseRequest({ url: 'x', headers: { Accept: 'a', 'X-ONE': '1' } });
  assert.deepEqual(parsed, { input: { url: 'x', headers: { accept: 'a', 'x-one': '1' } } });
  const twice = parseRequest({ url: 'x', headers: { Accept: 'a', accept: 'b' } });
  assert.match(('failure' in twice && twice.failure.detail) || '', /headers\.accept: given twice/);
});
