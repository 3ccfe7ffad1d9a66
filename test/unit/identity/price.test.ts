import assert from 'node:assert/strict';
import test from 'node:test';
import { priceText, readPrice } from '../../../src/identity/price.ts';

test('prices are read exactly, and written as they came', () => {
  for (const [text, micros, written] of [
    ['USD 0.01', 10_000, 'USD 0.01'],
    ['USD 5', 5_000_000, 'USD 5.00'],
    ['EUR 0.000001', 1, 'EUR 0.000001'],
    [' USD  12.345 ', 12_345_000, 'USD 12.345'],
    ['USD 0.10', 100_000, 'USD 0.10'],
    ['USD 1000000', 1e12, 'USD 1000000.00'],
  ] as const) {
    const price = readPrice(text);
    assert.equal(price?.micros, micros, text);
    assert.equal(price && priceText(price), written);
  }
});

test('anything else is no price', () => {
  for (const text of [
    '',
    'USD',
    '0.01',
    'usd 1',
    'USD -1',
    'USD 1e3',
    'USD 1,5',
    'USD 1000001',
    'USD .5',
    'DOLLAR 1',
  ])
    assert.equal(readPrice(text), null, text);
});
