import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { defineHandler } from '../../../src/handlers/define.ts';
import { testHandler } from '../../../src/handlers/test-handler.ts';

const product = defineHandler({
  name: 'product',
  match: { label: 'item', type: 'text/html' },
  schema: z.object({ name: z.string().min(1), price: z.number() }),
  run({ page, emit, enqueue, request }) {
    const { $ } = page;
    emit({ name: $('h1').text(), price: Number($('.price').data('cents')) });
    enqueue('a.next', { label: 'list', userData: request.userData });
  },
});
const html =
  '<h1>Chair</h1><b class="price" data-cents="1990">19.90</b><a class="next" href="?page=2">next</a>';

test('a handler is tested without a network: its items, its requests, and whether it matches', async () => {
  const page = { url: 'https://shop.example/p/1', html, label: 'item', userData: { row: 7 } };
  assert.deepEqual(await testHandler(product, page), {
    matched: true,
    items: [{ name: 'Chair', price: 1990 }],
    requests: [{ url: 'https://shop.example/p/1?page=2', label: 'list', userData: { row: 7 } }],
    leftOut: {},
    error: null,
  });
  assert.equal((await testHandler(product, { ...page, label: 'list' })).matched, false);
});

test('an error of the handler is told as the dead letter would tell it', async () => {
  const { items, error } = await testHandler(product, { url: 'https://shop.example/', html: '<h1></h1>' });
  assert.deepEqual([items, error?.code], [[], 'E_HANDLER_ITEM']);
  assert.match(error?.message ?? '', /item\.name: .*; got "" \(and 1 more\)/);
});

test('the page may be JSON, text or bytes, with headers of its own', async () => {
  const look = defineHandler({
    name: 'look',
    run: ({ page, emit }) => emit([page.status, page.contentType, page.text]),
  });
  const url = 'https://a.example/';
  const seen = async (page: object) => (await testHandler(look, { url, ...page })).items[0];
  assert.deepEqual(await seen({ json: { a: 1 } }), [200, 'application/json', '{"a":1}']);
  assert.deepEqual(await seen({ text: 'x', status: 404 }), [404, 'text/plain; charset=utf-8', 'x']);
  const headers = { 'Content-Type': 'text/html; charset=iso-8859-1' };
  assert.deepEqual(await seen({ body: Buffer.from([0xe4]), headers }), [200, headers['Content-Type'], 'ä']);
});

test('links are those that a crawl finds: by what the page and its headers say to drover, in its encoding', async () => {
  const look = defineHandler({
    name: 'links',
    run({ page, emit, enqueue }) {
      emit(page.links);
      enqueue('a');
    },
  });
  const url = 'https://a.example/';
  const link = '<a href="/x?q=\xef">1</a>';
  const seen = async (markup: string, headers: Record<string, string> = {}) => {
    const type = 'text/html; charset=windows-1251';
    const body = Buffer.from(markup, 'latin1');
    const { items, requests } = await testHandler(look, {
      ...{ url, body, headers: { 'content-type': type, ...headers } },
    });
    return [items[0], requests.map((request) => request.url)];
  };
  const found = 'https://a.example/x?q=%EF';
  assert.deepEqual(await seen(link), [[found], [found]]);
  assert.deepEqual(await seen(link, { 'x-robots-tag': 'nofollow' }), [[], [found]]);
  assert.deepEqual(await seen(`<meta name="drover" content="nofollow">${link}`), [[], [found]]);
  const next = 'https://a.example/next';
  assert.deepEqual(await seen('<p>', { refresh: '0; url=/next' }), [[next], []]);
  assert.deepEqual((await seen(link, { 'content-type': 'application/json' }))[0], []);
});

test('what the handler fetches is answered by the test: by absolute URL, with errors by their code', async () => {
  const rates = defineHandler({
    name: 'rates',
    async run({ fetch, emit }) {
      const got = await fetch('../rates?of=EUR', { method: 'POST', body: 'b', headers: { 'x-a': '1' } });
      emit([got.url, got.status, got.json()]);
      await fetch('/gone').catch((error) => emit(error.code));
      await fetch('/broken');
    },
  });
  const asked: unknown[] = [];
  const page = { url: 'https://shop.example/p/1', html: '' };
  const { items, error } = await testHandler(defineHandler({ ...rates, name: 'all' } as typeof rates), {
    ...page,
    async fetch(url, init) {
      asked.push([url, init]);
      if (url.endsWith('gone')) throw Object.assign(new Error('no answer'), { code: 'E_DNS_TIMEOUT' });
      if (url.endsWith('broken')) throw Object.assign(new Error('x'), { code: 'E_ROBOTS' });
      return { json: { EUR: 1.1 }, status: 201 };
    },
  });
  assert.deepEqual(asked[0], [
    'https://shop.example/rates?of=EUR',
    { method: 'POST', body: 'b', headers: { 'x-a': '1' } },
  ]);
  assert.deepEqual([items, error?.code], [[], 'E_HANDLER_FETCH']);
  assert.match(error?.message ?? '', /all: fetch of GET https:\/\/shop\.example\/broken: E_ROBOTS: .* At /);
  const none = await testHandler(rates, page);
  assert.equal(none.error?.code, 'E_HANDLER');
  assert.match(none.error?.message ?? '', /give testHandler a `fetch` that answers/);
  const silent = defineHandler({ name: 'silent', run: ({ fetch }) => void fetch('/') });
  assert.deepEqual(
    (await testHandler(silent, page)).items,
    [],
    'a fetch that is not awaited ends with its page',
  );
});
