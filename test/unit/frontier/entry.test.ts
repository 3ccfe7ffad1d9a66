import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { expandEntry, placeOf } from '../../../src/frontier/entry.ts';
import { packRequest, type Request } from '../../../src/request.ts';

const url = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('a.test', 'a.test:8080', 'b.test'),
    fc.stringMatching(/^[a-z0-9/?=]{0,8}$/),
  )
  .map(([scheme, host, path]) => `${scheme}://${host}/${path}`);
const extras = fc.constantFrom(
  null,
  { priority: 3 },
  { method: 'POST' as const, body: '\x01\x1f"' },
  { limiter: { key: 'tenant' } },
  { label: 'é\x02' },
);
const request: fc.Arbitrary<Request> = fc
  .tuple(url, fc.option(url), fc.integer({ min: 0, max: 20 }), extras, fc.integer({ min: 0, max: 2 }))
  .map(([url, referrer, depth, extras, chain]) => ({
    url,
    referrer,
    depth,
    extras,
    ...(chain ? { chain } : {}),
  }));

test("a lane's entry becomes the packed request that it was made of", () => {
  fc.assert(
    fc.property(request, (one) => {
      const { key, entry } = placeOf(one);
      assert.equal(expandEntry(entry, key), packRequest(one));
    }),
  );
});
