// Text, numbers, sizes and times as the dashboard shows them.
import assert from 'node:assert/strict';
import test from 'node:test';

const { bytes, count, duration, rate, visible } = await import(
  new URL('../../../../src/api/dashboard/text.js', import.meta.url).href
);

test('text of the web shows what a browser would obey or hide', () => {
  assert.equal(visible('a\u202egnp.exe\u0000\n\u200b'), 'a\\u202egnp.exe\\u0000\\u000a\\u200b');
  assert.equal(visible('naïve 日本 👍️'), 'naïve 日本 👍️');
  assert.equal(visible(null), '');
});

test('numbers, sizes and times are short', () => {
  assert.deepEqual([count(12_345), count(null), rate(0.444), rate(1234.5)], ['12,345', '–', '0.4', '1,235']);
  assert.deepEqual([bytes(999), bytes(24_900_000), bytes(null)], ['999 B', '24.9 MB', '–']);
  const times = [0.4, 950, 9500, 61_000, 3_599_000, 7_500_000, 273_600_000];
  assert.deepEqual(times.map(duration), [
    '0 ms',
    '950 ms',
    '9.5 s',
    '1 min 1 s',
    '59 min 59 s',
    '2 h 5 min',
    '3 d 4 h',
  ]);
});
