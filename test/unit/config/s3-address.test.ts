// What the address of a bucket means, and what a crawl keeps of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { completeS3 } from '../../../src/config/s3-address.ts';
import { isSameStore, plainStore, readStoreAddress } from '../../../src/config/store-address.ts';

test('the address is kept with endpoint and region, whatever a later process has set', () => {
  const aws = { region: 'eu-west-1', endpoint: 'http://127.0.0.1:9000/' };
  const given = completeS3('s3://my-bucket/a%20b/c+d/', () => aws);
  const kept = plainStore(readStoreAddress(given));
  assert.equal(kept, 's3://my-bucket/a%20b/c%2Bd?endpoint=http://127.0.0.1:9000&region=eu-west-1');
  assert.equal(plainStore(readStoreAddress(kept)), kept);
  assert.ok(isSameStore(readStoreAddress(given), readStoreAddress(kept)));
  const other = { region: 'us-west-2', endpoint: 'http://elsewhere' };
  assert.equal(plainStore(readStoreAddress(completeS3(kept, () => other))), kept);
  const plain = plainStore(
    readStoreAddress(completeS3('s3://b-b', () => ({ region: null, endpoint: null }))),
  );
  assert.equal(plain, 's3://b-b?endpoint=https://s3.us-east-1.amazonaws.com&region=us-east-1');
  for (const wrong of [
    's3://',
    's3://AK:secret@b/x',
    's3://bb/x?what=1',
    's3://bb/../x',
    's3://bbb?endpoint=ftp://x',
  ])
    assert.throws(
      () => readStoreAddress(wrong),
      (error: Error) => !error.message.includes('secret@'),
    );
});
