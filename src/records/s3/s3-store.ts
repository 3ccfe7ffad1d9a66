// The store in a bucket of S3, which all consumers and readers of a fleet share over the network.
import { randomBytes } from 'node:crypto';
import type { S3Address } from '../../config/s3-address.ts';
import { recordsFolderName } from '../segments.ts';
import type { RecordStore, StoreListener } from '../store.ts';
import { type Bucket, openBucket } from './bucket.ts';
import { openBlockReader, readBlocks } from './reader.ts';
import { dropBodiesOfFolder, sizeOfFolder } from './retention.ts';
import { type BlockWriter, openBlockWriter } from './writer.ts';

const PROBE = '.drover-probe';

/** `place`: the address as the crawl keeps it. Nothing is connected before the first use. */
export function openS3Store(address: S3Address, place: string, listener: StoreListener): RecordStore {
  const bucket = openBucket(address);
  const reader = openBlockReader(bucket);
  let writer: BlockWriter | null = null;
  let probed: Promise<boolean> | null = null;

  function isConditional(): Promise<boolean> {
    probed ??= probe(bucket).catch((error: unknown) => {
      probed = null;
      throw error;
    });
    return probed;
  }

  return {
    name: bucket.name,
    place,
    whereIs: (recordsFolder) => `${bucket.name} (${recordsFolderName(recordsFolder)}/)`,
    async prepare() {
      await isConditional();
    },
    write(record, claim, recordsFolder) {
      writer ??= openBlockWriter({ bucket, isConditional, ...listener });
      return writer.write(record, claim, recordsFolder);
    },
    async close() {
      await writer?.close();
      bucket.close();
    },
    read: (recordsFolder, options = {}) => readBlocks(bucket, recordsFolder, options),
    ...reader,
    size: (recordsFolder) => sizeOfFolder(bucket, recordsFolderName(recordsFolder)),
    dropBodies: (recordsFolder) => dropBodiesOfFolder(bucket, recordsFolderName(recordsFolder)),
    async remove(recordsFolder) {
      const folder = recordsFolderName(recordsFolder);
      const objects = await bucket.list(folder);
      await bucket.delete(objects.map(({ name }) => `${folder}/${name}`));
    },
  };
}

/**
 * Whether the server obeys If-None-Match: of two puts the second must be refused. Some ignore it, others
 * answer 501. It also shows whether this user may list, write and delete. Throws errors of layer store.
 */
async function probe(bucket: Bucket): Promise<boolean> {
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
