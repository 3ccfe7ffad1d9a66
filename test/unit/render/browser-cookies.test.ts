// What a page has changed of its cookies, as lines of Set-Cookie.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Cookie } from 'playwright-core';
import { MemoryJar } from '../../../src/cookies/memory-jar.ts';
import { changedCookies } from '../../../src/render/browser-cookies.ts';

const PAGE = 'https://www.shop.test/page';
const inAnHour = Math.round(Date.now() / 1000) + 3600;
const cookie = (name: string, more: Partial<Cookie> = {}): Cookie => ({
  ...{ name, value: '1', domain: 'www.shop.test', path: '/', expires: -1 },
  ...{ httpOnly: false, secure: false, sameSite: 'Lax', ...more },
});

test('what is new, changed and removed goes back, each with its own rules', () => {
  const before = [cookie('same'), cookie('changed'), cookie('gone'), cookie('over', { expires: 1 })];
  const after = [
    cookie('same'),
    cookie('changed', { value: '2', path: '/' }),
    cookie('wide', { domain: '.shop.test', expires: inAnHour, sameSite: 'Strict' }),
    cookie('__Host-safe', { secure: true, httpOnly: true, sameSite: 'None' }),
    cookie('api', { domain: 'api.shop.test', path: '/v1' }),
    cookie('stranger', { domain: '.tracker.test' }),
  ];
  const expires = new Date(inAnHour * 1000).toUTCString();
  assert.deepEqual(changedCookies(before, after, PAGE), [
    {
      url: 'http://www.shop.test/',
      lines: ['changed=2; Path=/', 'gone=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT'],
    },
    {
      url: 'http://shop.test/',
      lines: [`wide=1; Path=/; Domain=shop.test; Expires=${expires}; SameSite=Strict`],
    },
    {
      url: 'https://www.shop.test/',
      lines: ['__Host-safe=1; Path=/; HttpOnly; Secure; SameSite=None'],
    },
    { url: 'http://api.shop.test/', lines: ['api=1; Path=/v1'] },
  ]);
});

test('the jar takes them as they were, and tells the next browser the same', () => {
  const after = [
    cookie('wide', { domain: '.shop.test', expires: inAnHour, sameSite: 'Strict' }),
    cookie('__Host-safe', { secure: true, httpOnly: true, sameSite: 'None' }),
  ];
  const jar = new MemoryJar({});
  for (const { url, lines } of changedCookies([], after, PAGE)) jar.receive(url, lines);
  assert.deepEqual(jar.all(), [
    {
      ...{ name: 'wide', value: '1', domain: 'shop.test', isHostOnly: false, path: '/' },
      ...{ expiresAt: inAnHour * 1000, isHttpOnly: false, isSecure: false, sameSite: 'strict' },
    },
    {
      ...{ name: '__Host-safe', value: '1', domain: 'www.shop.test', isHostOnly: true, path: '/' },
      ...{ expiresAt: null, isHttpOnly: true, isSecure: true, sameSite: 'none' },
    },
  ]);
});

test('a page with very many cookies gives back as many as a jar holds', () => {
  const after = Array.from({ length: 400 }, (_, at) => cookie(`c${at}`));
  const lines = changedCookies([], after, PAGE).flatMap((set) => set.lines);
  assert.equal(lines.length, 180);
});
