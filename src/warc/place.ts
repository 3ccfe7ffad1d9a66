// Opens the place where WARC files are kept, by its address.
import { isS3, readS3Address } from '../config/s3-address.ts';
import { openBucketPlace } from './bucket/bucket-place.ts';
import type { PlaceListener, WarcPlace } from './open-warc.ts';
import { findWarcs } from './repair.ts';
import { WarcFile } from './warc-file.ts';

/** `place`: the absolute path of a directory, or the address of a bucket. */
export function openWarcPlace(place: string, listener: PlaceListener): WarcPlace {
  if (isS3(place)) return openBucketPlace(readS3Address(place), listener);
  return {
    name: place,
    begin: (crawl, maxFileBytes) => WarcFile.create(place, crawl, maxFileBytes),
    async repair(recordsFolder) {
      await findWarcs(place, recordsFolder);
    },
    hurry: () => undefined,
    close: async () => undefined,
  };
}
