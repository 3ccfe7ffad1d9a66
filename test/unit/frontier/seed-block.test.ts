import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { packSeeds, unpackSeeds } from '../../../src/frontier/seed-block.ts';
import type { Request, RequestExtras } from '../../../src/request.ts';

const extras = fc.constantFrom<(RequestExtras | null)[]>(
  null,
  { method: 'POST' as const, body: '\x00\x1e\x1f"é', headers: { 'x-a': '1' } },
  { label: 'list', userData: { row: 7, of: ['a\x1eb'] }, priority: 9, attempts: 2 },
  { sitemap: { level: 1, auto: true }, assumed: 'https' as const },
);
const seed: fc.Arbitrary<Request> = fc
  .tuple(fc.webUrl(), fc.integer({ min: 0, max: 3 }), extras)
  .map(([url, depth, extras]) => ({ url, depth, referrer: null, extras }));

test('seeds come out of a block as they went in, whatever they hold, one or many', () => {
  fc.assert(
    fc.property(fc.array(seed, { minLength: 1, maxLength: 60 }), (seeds) => {
      assert.deepEqual(unpackSeeds(Buffer.from(packSeeds(seeds))), seeds);
    }),
  );
  assert.equal(packSeeds([]), '');
});

test('a batch of product URLs takes less than ten bytes for each, and a single seed no more than its text', () => {
  const many = Array.from({ length: 500 }, (_, at) =>
    plain(`https://shop.example/p/red-lamp-${at * 7919}.html`),
  );
  assert.ok(packSeeds(many).length < 5000, `${packSeeds(many).length}`);
  const one = plain('https://shop.example/p/red-lamp');
  assert.equal(packSeeds([one]).toString(), one.url);
});

function plain(url: string): Request {
  return { url, depth: 0, referrer: null, extras: null };
}
