import assert from 'node:assert/strict';
import test from 'node:test';
import { createHandlerChoice } from '../../../src/handlers/choose.ts';
import { defineHandler, type HandlerMatch } from '../../../src/handlers/define.ts';

const page = { label: 'item', url: 'https://shop.example/p/7?x=1', type: 'Text/HTML; charset=utf-8' };
const chosen = (match: HandlerMatch | undefined, at = page) =>
  createHandlerChoice([defineHandler({ name: 'h', ...(match ? { match } : {}), run() {} })]).choose(at) !==
  null;

test('a handler takes a page that matches each field that it names', () => {
  const accepts: (HandlerMatch | undefined)[] = [
    undefined,
    {},
    { label: 'item' },
    { label: ['list', 'item'] },
    { url: 'https://shop.example/p/*' },
    { url: ['/nothing', '/p/**'] },
    { url: '/p\\/\\d+/' },
    { type: 'text/html' },
    { type: ['application/json', 'TEXT/*'] },
    { label: 'item', url: '/p/*', type: 'text/*' },
  ];
  for (const match of accepts) assert.ok(chosen(match), JSON.stringify(match));
  const leaves: HandlerMatch[] = [
    { label: 'list' },
    { label: [], url: '/q/*' },
    { type: 'text' },
    { type: 'application/json' },
    { label: 'item', url: '/p/*', type: 'image/*' },
  ];
  for (const match of leaves) assert.ok(!chosen(match), JSON.stringify(match));
  assert.ok(!chosen({ label: 'item' }, { ...page, label: null as unknown as string }));
});

test('of several handlers, the first that matches takes the page', () => {
  const named = (name: string, match?: HandlerMatch) =>
    defineHandler({ name, ...(match ? { match } : {}), run() {} });
  const choice = createHandlerChoice([named('a', { label: 'x' }), named('b', { url: '/p/*' }), named('c')]);
  assert.equal(choice.choose(page)?.name, 'b');
  assert.equal(choice.choose({ ...page, url: 'https://shop.example/' })?.name, 'c');
});

test('a malformed pattern is an error that names the handler', () => {
  const wrong = defineHandler({ name: 'w', match: { url: '/(/' }, run() {} });
  assert.throws(() => createHandlerChoice([wrong]), /match\.url of handler w/);
});
