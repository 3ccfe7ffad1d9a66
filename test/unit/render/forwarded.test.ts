// The headers of the crawl and its session on what a browser asks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { withOwn } from '../../../src/render/forwarded.ts';

test('they go in place of the browser’s, but not of what describes the request itself', () => {
  const sent = ['Host', 'shop.test', 'Accept', '*/*', 'Content-Type', 'text/plain', 'X-Own', 'page'];
  const own = {
    accept: 'text/html',
    'X-OWN': 'crawl',
    Authorization: 'a',
    host: 'evil',
    'content-type': 'b',
    connection: 'c',
  };
  assert.deepEqual(withOwn(sent, own), [
    ...['Host', 'shop.test', 'Content-Type', 'text/plain'],
    ...['accept', 'text/html', 'x-own', 'crawl', 'authorization', 'a'],
  ]);
  assert.deepEqual(withOwn(sent, {}), sent);
});

test('of cookies, those of the browser go before those of the crawl with the same name', () => {
  const own = { Cookie: 'sid=crawl; mine=1' };
  assert.deepEqual(withOwn(['Cookie', 'sid=site; b=2'], own), ['cookie', 'mine=1; sid=site; b=2']);
  assert.deepEqual(withOwn(['Accept', '*/*'], own), ['Accept', '*/*', 'cookie', 'sid=crawl; mine=1']);
});
