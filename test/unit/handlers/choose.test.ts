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
    { url: '/q/*' },
    { type: 'text/htm' },
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

test('a match that can never hold, and a malformed pattern, are errors that name the field', () => {
  const refused: [HandlerMatch, RegExp][] = [
    [{ url: '/(/' }, /match\.url: \/\(\/: /],
    [{ url: ['/a/**', 'http://[*'] }, /match\.url: http:\/\/\[\*: a \[ is not closed/],
    [{ type: 'html' }, /match\.type: expected a media type .* \(got "html"\)/],
    [{ type: ['text/*', 'text/html; charset=utf-8'] }, /match\.type: /],
    [{ type: '*/*' }, /match\.type: /],
    [{ label: [] }, /match\.label: expected a text/],
  ];
  for (const [match, says] of refused)
    assert.throws(() => defineHandler({ name: 'w', match, run() {} }), {
      code: 'E_HANDLER_FILE',
      message: says,
    });
});
