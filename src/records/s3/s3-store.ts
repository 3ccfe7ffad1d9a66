// The store in a bucket of S3, which all consumers and readers of a fleet share over the network.
import type { S3Address } from '../../config/s3-address.ts';
import { recordsFolderName } from '../segments.ts';
import type { RecordStore, StoreListener } from '../store.ts';
import { openBucket } from './bucket.ts';
import { probe } from './probe.ts';
import { openBlockReader, readBlocks } from './reader.ts';
import { dropBodiesOfFolder, sizeOfFolder } from './retention.ts';
import { type BlockWriter, openBlockWriter } from './writer.ts';

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
