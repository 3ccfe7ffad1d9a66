import assert from 'node:assert/strict';
import test from 'node:test';
import { freshFor, ResourceCache } from '../../../src/render/cache.ts';

const answer = (headers: Record<string, string>, status = 200) => ({ status, headers });

test('only what says so, and is the same for every page, is kept', () => {
  assert.equal(freshFor(answer({ 'cache-control': 'public, max-age=60' })), 60_000);
  assert.equal(freshFor(answer({ 'cache-control': 'max-age=60', age: '50' })), 10_000);
  assert.equal(freshFor(answer({ 'cache-control': 'max-age=60', vary: 'Accept-Encoding' })), 60_000);
  assert.equal(freshFor(answer({ 'cache-control': 'max-age=99999999' })), 3_600_000, 'an hour at most');
  for (const headers of [
    {},
    { 'cache-control': 'no-store, max-age=60' },
    { 'cache-control': 'private, max-age=60' },
    { 'cache-control': 'max-age=60', vary: 'Origin' },
    { 'cache-control': 'max-age=60', vary: '*' },
    { 'cache-control': 'max-age=60', 'set-cookie': 'a=1' },
    { 'cache-control': 'max-age=60', age: '60' },
  ])
    assert.equal(freshFor(answer(headers as Record<string, string>)), 0, JSON.stringify(headers));
  assert.equal(freshFor(answer({ 'cache-control': 'max-age=60' }, 404)), 0);
});

test('what one crawl has loaded is not given to another, and what is old is gone', () => {
  const cache = new ResourceCache();
  const kept = { status: 200, headers: {}, body: Buffer.from('x') };
  cache.keep('a', 'https://h.example/x.js', kept, 60_000);
  cache.keep('a', 'https://h.example/old.js', kept, -1);
  assert.equal(cache.find('a', 'https://h.example/x.js')?.body, kept.body);
  assert.equal(cache.find('b', 'https://h.example/x.js'), null);
  assert.equal(cache.find('a', 'https://h.example/old.js'), null);
});

test('its memory is bounded: what was used longest ago goes first', () => {
  const cache = new ResourceCache();
  const body = Buffer.alloc(4 * 1024 * 1024);
  const keep = (name: string) => cache.keep('a', name, { status: 200, headers: {}, body }, 60_000);
  for (let i = 0; i < 16; i++) keep(`${i}`);
  cache.find('a', '0');
  keep('16');
  assert.notEqual(cache.find('a', '0'), null);
  assert.equal(cache.find('a', '1'), null);
  cache.keep('a', 'large', { status: 200, headers: {}, body: Buffer.alloc(body.length + 1) }, 60_000);
  assert.equal(cache.find('a', 'large'), null);
});
