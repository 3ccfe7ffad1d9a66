import assert from 'node:assert/strict';
import test from 'node:test';
import { expandEntry, packBatchEntry, placeOf } from '../../../src/frontier/entry.ts';
import { withKeyInId } from '../../../src/frontier/own-key.ts';
import { idOfRequest, type Request, unpackRequest } from '../../../src/request.ts';

const one = { shards: [{}] } as unknown as Parameters<typeof withKeyInId>[0];
const two = { shards: [{}, {}] } as unknown as Parameters<typeof withKeyInId>[0];
const requestOf = (key?: string): Request => ({
  ...{ url: 'http://a.example/', depth: 0, referrer: null },
  extras: key === undefined ? null : { limiter: { key } },
});

test('a key that is not the host of the URL belongs to the id where there are several shards, and only there', () => {
  for (const request of [requestOf(), requestOf('shop'), requestOf('a.example')])
    assert.equal(withKeyInId(one, request), request);
  for (const request of [requestOf(), requestOf('a.example')])
    assert.equal(withKeyInId(two, request), request);
  const ids = [requestOf(), requestOf('shop'), requestOf('other')].map((request) =>
    idOfRequest(withKeyInId(two, request)),
  );
  assert.equal(new Set(ids).size, 3);
  const numbers = [requestOf(), requestOf('shop')].map(
    (request) => packBatchEntry(withKeyInId(two, request), '').split('\x1d')[0],
  );
  assert.notEqual(numbers[0], numbers[1]);
});

test('its id stands in its lane, and stays when it is packed again', () => {
  const request = withKeyInId(two, requestOf('shop'));
  const packed = expandEntry(placeOf(request).entry, 'shop');
  assert.equal(packed.split('\x1f')[0], idOfRequest(request));
  assert.deepEqual(unpackRequest(packed), request);
  assert.equal(idOfRequest(unpackRequest(packed)), idOfRequest(request));
});
