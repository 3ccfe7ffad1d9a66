// Backups in a bucket.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readS3Address } from '../../src/config/s3-address.ts';
import { openBucket } from '../../src/records/s3/bucket.ts';
import { fillKeys, sumOf } from '../support/fleets/many-keys.ts';
import { openFleets } from '../support/fleets.ts';
import { needsRadosgw, radosgwForTests } from '../support/stores/radosgw.ts';

const fleets = openFleets();
const s3 = radosgwForTests();

test('to a bucket and back', needsRadosgw, async () => {
  const [{ fleet, runner }, opened] = [await fleets.open(s3.env), await fleets.open(s3.env)];
  await fillKeys(fleet, 300);
  const place = `s3://crawls/backups?endpoint=${s3.endpoint}&region=us-east-1`;
  const told = await runner.run(['backup', place]);
  assert.equal(told.code, 0, told.stderr);
  const twice = await runner.run(['backup', place]);
  assert.deepEqual([twice.code, /E_FILE_EXISTS/.test(twice.stderr)], [2, true]);
  assert.equal((await runner.run(['backup', place, '--overwrite'])).code, 0);
  const bucket = openBucket(readS3Address(place));
  const objects = (await bucket.list('')).map(({ name }) => name);
  assert.equal(objects.length, 2, 'the parts of the former backup are gone');
  const restored = await opened.runner.run(['restore', place]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.equal(await sumOf(opened.fleet, 300), 30_000);
  await bucket.delete(objects.filter((name) => name.endsWith('.part')));
  bucket.close();
  const broken = await opened.runner.run(['restore', place, '--force']);
  assert.deepEqual([broken.code, /E_BACKUP_BROKEN/.test(broken.stderr)], [2, true], broken.stderr);
});
