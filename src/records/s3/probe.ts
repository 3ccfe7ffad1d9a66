// Finds out what a bucket lets this user do, and what its server knows, before anything is kept in it.
import { randomBytes } from 'node:crypto';
import type { S3Address } from '../../config/s3-address.ts';
import { type Bucket, openBucket } from './bucket.ts';

const PROBE = '.drover-probe';

/**
 * Whether the server obeys If-None-Match: of two puts the second must be refused. Some ignore it, others
 * answer 501. It also shows whether this user may list, write and delete. Throws errors of layer store.
 */
export async function probe(bucket: Bucket): Promise<boolean> {
  const key = `${PROBE}-${randomBytes(8).toString('hex')}`;
  const body = Buffer.from('drover');
  await bucket.list(PROBE);
  await bucket.put(key, body, false);
  const obeys = (await bucket.putIfNew(key, body)) === true;
  await bucket.delete([key]);
  return obeys;
}

/** What `drover doctor` tells of a bucket. Throws errors of layer store. */
export async function checkS3Store(address: S3Address): Promise<{ ms: number; isConditional: boolean }> {
  const bucket = openBucket(address);
  try {
    const isConditional = await probe(bucket);
    const began = performance.now();
    await bucket.list(PROBE);
    return { ms: performance.now() - began, isConditional };
  } finally {
    bucket.close();
  }
}
