// A bucket in which consumers of any number of machines keep WARC files.
import { plainS3, type S3Address } from '../../config/s3-address.ts';
import { openBucket } from '../../records/s3/bucket.ts';
import { patiently } from '../../records/s3/patience.ts';
import type { PlaceListener, WarcPlace } from '../open-warc.ts';
import { BucketFile, type BucketFileParts } from './bucket-file.ts';

/** Nothing is connected before the first use. */
export function openBucketPlace(address: S3Address, { onTrouble, onWritten }: PlaceListener): WarcPlace {
  const bucket = openBucket(address);
  const name = plainS3(address);
  let isClosed = false;
  let background: Promise<void> = Promise.resolve();

  const parts: Omit<BucketFileParts, 'maxFileBytes'> = {
    bucket,
    async put(key, object) {
      await patiently({ name, onTrouble, isClosed: () => isClosed }, () => bucket.put(key, object, false));
      onWritten();
    },
    async inBackground(work) {
      await background;
      background = work().catch(() => undefined);
    },
  };

  return {
    name,
    begin: (crawl, maxFileBytes) => BucketFile.create({ ...parts, maxFileBytes }, crawl),
    // What killed consumers have left is whole as it is: each object is a file.
    repair: async () => undefined,
    hurry() {
      isClosed = true;
    },
    async close() {
      await background;
      bucket.close();
    },
  };
}
