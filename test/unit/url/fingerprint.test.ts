import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { fingerprint, signedDecimal } from '../../../src/url/fingerprint.ts';

const url = 'https://example.com/a?b=1';

test('the fingerprint of a plain GET is the first 64 bits of the SHA-1 of its URL, for ever', () => {
  assert.equal(fingerprint({ url }), createHash('sha1').update(url).digest('hex').slice(0, 16));
  // Spelled out: seen sets in Redis outlive a version of the code, and Lua scripts compute the same.
  assert.equal(fingerprint({ url: 'http://example.com/' }), '9c17e047f58f9220');
  assert.equal(fingerprint({ url: 'http://example.com/', method: 'POST', body: 'a=1' }), 'e8ba884ee694cdfc');
});

test('GET without a body is a plain GET, however it is written', () => {
  assert.equal(fingerprint({ url, method: 'GET' }), fingerprint({ url }));
  assert.equal(fingerprint({ url, method: undefined, body: '' }), fingerprint({ url }));
});

test('another URL, method or body is another request', () => {
  const requests = [
    { url },
    { url: `${url}#` },
    { url, method: 'HEAD' },
    { url, method: 'POST' },
    { url, method: 'POST', body: 'a' },
    { url, method: 'POST', body: 'b' },
    { url, method: 'PUT', body: 'a' },
    { url, body: 'a' },
    { url, body: 'ä' },
  ];
  assert.equal(new Set(requests.map(fingerprint)).size, requests.length);
});

test('the signed decimal form holds the same 64 bits', () => {
  assert.equal(signedDecimal('0000000000000000'), '0');
  assert.equal(signedDecimal('7fffffffffffffff'), '9223372036854775807');
  assert.equal(signedDecimal('8000000000000000'), '-9223372036854775808');
  assert.equal(signedDecimal('ffffffffffffffff'), '-1');
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (bits) => {
      const hex = bits.toString(16).padStart(16, '0');
      assert.equal(BigInt.asUintN(64, BigInt(signedDecimal(hex))), bits);
    }),
  );
});
