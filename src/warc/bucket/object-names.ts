// The names of the WARC files of a crawl in a bucket: drover-FOLDER-TIME-HOST-PID-RANDOM.FIRST-LAST.warc.gz.
// A writer numbers its blocks from 0 on; what is joined has several, and takes the place of the smaller ones.
import type { Bucket, ListedObject } from '../../records/s3/bucket.ts';
import { pickSegments, type SegmentName } from '../../records/s3/segment-names.ts';
import { INDEX_ENDING, WARC_ENDING, warcName, warcPrefix } from '../file-names.ts';

/** The beginning of the names of a new file: all before FIRST-LAST. */
export function newStem(recordsFolder: string): string {
  return safe(warcName(recordsFolder)).slice(0, -WARC_ENDING.length);
}

/** In XML, which lists the names, an apostrophe stands for itself or not. */
const safe = (name: string) => name.replaceAll("'", '%27');

/** A WARC file in a bucket. */
export interface WarcObject extends SegmentName {
  /** The name with its ending. */
  file: string;
  /** Its index is there. Such a file stays; another one may be joined, and is then deleted. */
  isComplete: boolean;
}

/** The WARC files of a crawl, those begun first come first. Throws errors of layer store. */
export async function listWarcObjects(bucket: Bucket, recordsFolder: string): Promise<WarcObject[]> {
  const objects = await bucket.list('', safe(warcPrefix(recordsFolder)));
  const names = new Set(objects.map(({ name }) => name));
  const { segments } = pickSegments(objects.flatMap((object) => readName(object)));
  return segments.map((segment) => {
    const file = `${segment.name}${WARC_ENDING}`;
    return { ...segment, file, isComplete: names.has(`${file}${INDEX_ENDING}`) };
  });
}

function readName({ name: file, bytes, writtenMs }: ListedObject): SegmentName[] {
  const [, name, writer, first, last] = /^((drover-.+)\.(\d{9})-(\d{9}))\.warc\.gz$/.exec(file) ?? [];
  if (!name || !writer) return [];
  return [{ name, writer, first: Number(first), last: Number(last), bytes, writtenMs }];
}
