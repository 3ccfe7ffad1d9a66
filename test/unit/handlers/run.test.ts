import assert from 'node:assert/strict';
import test from 'node:test';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import { defineHandler, type Handler, type HandlerArguments } from '../../../src/handlers/define.ts';
import type { HandlerResult } from '../../../src/handlers/failed-by.ts';
import { HandledPage } from '../../../src/handlers/page.ts';
import { runHandler } from '../../../src/handlers/run.ts';
import { Discard, Fatal, RetryAfter } from '../../../src/handlers/verdicts.ts';

const URL_A = 'http://a.example/dir/page';
const log = { debug() {}, info() {}, warn() {}, error() {} };

function run(
  handler: Handler,
  html: string | Uint8Array = '<title>t</title>',
  signal = new AbortController().signal,
  headers: Record<string, string> = { 'content-type': 'text/html; charset=utf-8' },
): Promise<HandlerResult> {
  const urlRules = { maxLength: 100 };
  const page = new HandledPage({
    url: URL_A,
    status: 200,
    headers,
    body: Buffer.from(html as string),
    urlRules,
  });
  const request = { id: 'i', crawl: 'c', url: URL_A, method: 'GET', label: null, userData: null, depth: 0 };
  return runHandler({
    handler,
    page,
    request: { ...request, referrer: null, session: null, attempt: 1 },
    urlRules,
    log,
    signal,
    fetchForPage: () => assert.fail(),
  });
}

const from = (code: (given: HandlerArguments<never>) => unknown, more: Partial<Handler> = {}): Handler =>
  defineHandler({ name: 'h', ...more, run: code } as Handler);
const emitting = (item: unknown, schema?: StandardSchemaV1) =>
  from(({ emit }) => emit(item as never), schema ? ({ schema } as Partial<Handler>) : {});

async function failureOf(handler: Handler, html?: string) {
  const result = await run(handler, html);
  assert.equal(result.kind, 'failed', JSON.stringify(result));
  return result.kind === 'failed' ? { ...result.failure, afterMs: result.afterMs } : assert.fail();
}

const product = z.object({ name: z.string().trim(), offers: z.array(z.object({ price: z.number() })) });

test('items are kept as the schema makes them, in their order, and later changes to them do not count', async () => {
  const item = { name: ' a ', offers: [{ price: 1 }] };
  const handler = from(
    ({ emit }) => {
      emit(item as never);
      emit({ ...item, name: 'b' } as never);
      item.offers.push({ price: 2 });
    },
    { schema: product } as Partial<Handler>,
  );
  const result = await run(handler);
  assert.deepEqual(result.kind === 'done' && result.items, [
    { handler: 'h', item: { name: 'a', offers: [{ price: 1 }] } },
    { handler: 'h', item: { name: 'b', offers: [{ price: 1 }] } },
  ]);
});

test('a wrong item names the field and shows its value, and the line in the handler, even when the handler goes on', async () => {
  const wrong = { name: 'a', offers: [{ price: 1 }, { price: 'no' }] };
  const failure = await failureOf(
    from(
      ({ emit }) => {
        try {
          emit(wrong as never);
        } catch {
          // a handler that catches everything
        }
      },
      { schema: product } as Partial<Handler>,
    ),
  );
  assert.equal(failure.code, 'E_HANDLER_ITEM');
  assert.match(
    failure.message,
    /Item 1 of h, item\.offers\[1\]\.price: .*; got "no"\. At .*run\.test\.ts:\d+:\d+\./,
  );
});

test('an asynchronous schema is waited for, and only as long as the handler may take', async () => {
  const schema = (validate: () => unknown) =>
    ({ '~standard': { version: 1, vendor: 'test', validate } }) as unknown as StandardSchemaV1;
  const good = await run(
    emitting(
      1,
      schema(async () => ({ value: 2 })),
    ),
  );
  assert.deepEqual(good.kind === 'done' && good.items, [{ handler: 'h', item: 2 }]);
  const bad = await failureOf(
    emitting(
      1,
      schema(async () => ({ issues: [{ message: 'not one' }] })),
    ),
  );
  assert.match(bad.message, /item: not one; got 1\./);
  const never = emitting(
    1,
    schema(() => new Promise(() => {})),
  );
  assert.equal((await failureOf({ ...never, timeoutMs: 20 })).code, 'E_HANDLER_TIMEOUT');
  const nap = () => new Promise((done) => setTimeout(done, 120));
  const both = { ...from(nap), after: nap, timeoutMs: 200 } as Handler;
  assert.equal((await failureOf(both)).code, 'E_HANDLER_TIMEOUT', 'run and after share the time of the page');
});

test('what is no JSON is a wrong item', async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const item of [undefined, () => 1, 1n, circle])
    assert.equal((await failureOf(emitting(item))).code, 'E_HANDLER_ITEM', String(item));
});

test('too many items, too large ones, and too many requests end the page, whatever the handler catches', async () => {
  const endless = (one: (given: HandlerArguments<never>, n: number) => void) =>
    from((given) => {
      for (let n = 0; n < 100_000; n++) {
        try {
          one(given, n);
        } catch {
          return;
        }
      }
    });
  const large = 'x'.repeat(1_000_000);
  for (const [handler, limit] of [
    [endless(({ emit }, n) => emit(n as never)), / emit 10000 items/],
    [endless(({ emit }) => emit(large as never)), /items .* 8388608 characters/],
    [endless(({ enqueue }, n) => enqueue(`/${n}`)), / enqueue 50000 requests/],
    [
      endless(({ enqueue }, n) => enqueue(`/${n}`, { body: large, method: 'POST' })),
      /requests .* 16777216 characters/,
    ],
  ] as const) {
    const { code, detail } = await failureOf(handler);
    assert.equal(code, 'E_HANDLER_LIMIT');
    assert.match(detail ?? '', limit);
  }
});

test('URLs, requests and selectors are enqueued, normalised, with the fields of the call and their own', async () => {
  const html =
    '<base href="/base/"><a class=n href="x#y">x</a><a class=n>no</a><a class=n href="mailto:a@b">m</a><iframe src=f></iframe>';
  const handler = from(({ enqueue, page }) => {
    assert.equal(enqueue('a.n, iframe', { label: 'list' }), 2);
    enqueue(['https://B.example', '/abs', '../up', 'page2.html', '?q=1', undefined, 'mailto:x@y']);
    enqueue(new URL('http://c.example/'));
    enqueue({ url: 'a', label: 'own', priority: 3 }, { label: 'of the call', userData: { n: 1 }, depth: 7 });
    enqueue(page.$('a.missing').attr('href'));
  });
  const result = await run(handler, html);
  assert.ok(result.kind === 'done', JSON.stringify(result));
  assert.deepEqual(result.requests, [
    { url: 'http://a.example/base/x', label: 'list' },
    { url: 'http://a.example/base/f', label: 'list' },
    { url: 'https://b.example/' },
    { url: 'http://a.example/abs' },
    { url: 'http://a.example/up' },
    { url: 'http://a.example/dir/page2.html' },
    { url: 'http://a.example/dir/page?q=1' },
    { url: 'http://c.example/' },
    { url: 'http://a.example/dir/a', label: 'own', priority: 3, userData: { n: 1 }, depth: 7 },
  ]);
  assert.deepEqual(result.leftOut, { E_URL_SCHEME: 1 });
});

test('links that a selector gives have their query in the character set of the page, as its links do', async () => {
  const html = Buffer.from('<a class=n href="/\xef?q=\xef">x</a>', 'latin1');
  const seen: unknown[] = [];
  const handler = from(({ enqueue, page }) => {
    enqueue('a.n');
    seen.push(page.charset, page.links);
  });
  const headers = { 'content-type': 'text/html; charset=windows-1251' };
  const result = await run(handler, html, undefined, headers);
  const url = 'http://a.example/%D0%BF?q=%EF';
  assert.deepEqual(result.kind === 'done' && result.requests, [{ url }]);
  assert.deepEqual(seen, ['windows-1251', [url]]);
});

test('what is no request is an error that names the field', async () => {
  const cases: [what: unknown, options: object, says: RegExp][] = [
    [7, {}, /it got number/],
    [{ uri: '/a' }, {}, /requests with a url/],
    ['/a', { labels: 'x' }, /labels/],
    ['/a', { priority: 10 }, /priority/],
    ['/a', { userData: 'x'.repeat(70_000) }, /70\d+ characters/],
    ['/a', { userData: 1n }, /cannot be written as JSON/],
  ];
  for (const [what, options, says] of cases) {
    const failure = await failureOf(from(({ enqueue }) => enqueue(what as string, options)));
    assert.equal(failure.code, 'E_HANDLER_REQUEST');
    assert.match(failure.message, says);
  }
});

test('what a handler throws says how the page ends', async () => {
  const throwing = (error: unknown) => from(() => Promise.reject(error));
  const ends = async (error: unknown) => {
    const result = await run(throwing(error));
    assert.ok(result.kind !== 'done');
    return [
      result.kind,
      result.failure.code,
      result.kind === 'failed' ? result.afterMs : 0,
      result.failure.detail,
    ];
  };
  assert.deepEqual(await ends(new Discard('sold out')), ['discarded', 'E_HANDLER_DISCARD', 0, 'h: sold out']);
  assert.deepEqual(await ends(new Fatal('gone')), ['failed', 'E_HANDLER_FATAL', 0, 'h: gone']);
  assert.deepEqual(await ends(new RetryAfter('10m', 'busy')), [
    'failed',
    'E_HANDLER_LATER',
    600_000,
    'h: busy',
  ]);
  const thrown = await failureOf(throwing(new RangeError('two\nlines')));
  assert.equal(thrown.code, 'E_HANDLER');
  assert.match(thrown.message, /h: RangeError: two lines, at .*run\.test\.ts:\d+:\d+/);
  for (const odd of [undefined, null, 'text', Object.create(null), { toString: 1 }])
    assert.equal((await failureOf(throwing(odd))).code, 'E_HANDLER');
  assert.throws(() => new RetryAfter('soon'), /expected a duration/);
});

test('a handler that never ends is left after its time: its signal is aborted, and what it makes later is refused', async () => {
  let aborted = false;
  let late: unknown = null;
  const handler = from(
    ({ signal, emit }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          aborted = true;
          try {
            emit(1 as never);
          } catch (error) {
            late = error;
          }
        });
      }),
    { timeoutMs: 20 },
  );
  assert.equal((await failureOf(handler)).code, 'E_HANDLER_TIMEOUT');
  assert.ok(aborted);
  assert.match(String(late), /h emits, enqueues or fetches too late/);
});

test('when the page is lost, the run rejects with the reason', async () => {
  const lost = new AbortController();
  const running = run(
    from(() => new Promise(() => {})),
    undefined,
    lost.signal,
  );
  lost.abort('gone');
  await assert.rejects(running, (reason) => reason === 'gone');
});

test('a page that is too large or too deep for $ ends as E_HANDLER_PAGE, and its text can still be read', async () => {
  const query = from(({ page }) => page.$('a').length);
  assert.equal((await failureOf(query, '<b>'.repeat(600))).code, 'E_HANDLER_PAGE');
  assert.equal((await failureOf(query, '<br>'.repeat(600_000))).code, 'E_HANDLER_PAGE');
  assert.equal((await failureOf(query, 'x'.repeat(9_000_000))).code, 'E_HANDLER_PAGE');
  assert.equal((await run(query, '<b>'.repeat(500))).kind, 'done');
  assert.equal(
    (
      await run(
        from(({ page }) => page.text.length),
        '<b>'.repeat(600),
      )
    ).kind,
    'done',
  );
});

test('the parts of a page: text in its charset, JSON, links, and a document by the rules of its type', async () => {
  const seen: unknown[] = [];
  const look = from(({ page }) => {
    seen.push(page.$('item').length, page.links, page.bytes.byteLength);
  });
  await run(look, '<item/><item/><a href=/l>l</a>');
  await run(look, '<rss><item/><item/></rss>', undefined, { 'content-type': 'application/rss+xml' });
  assert.deepEqual(seen, [2, ['http://a.example/l'], 30, 2, [], 25]);
  const json = from(({ page }) => seen.push(page.json<{ a: number }>().a));
  await run(json, '{"a": 5}', undefined, { 'content-type': 'application/json' });
  assert.equal(seen.at(-1), 5);
});
