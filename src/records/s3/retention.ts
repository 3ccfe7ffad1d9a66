// What a crawl takes in S3, and taking the bodies out of it. A segment is put anew under a name that goes
// before the old one, then the old one is deleted, so that there is a whole one at every moment.
import { haveBodies, withoutBodies } from '../bodies-of-lines.ts';
import { LineHead } from '../line.ts';
import { eachRecord } from '../read/whole-lines.ts';
import {
  type BlockPlace,
  decodeBlock,
  decodeSegment,
  eachInIndex,
  encodeBlock,
  encodeSegment,
  type IndexedBlocks,
} from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { MOST_SEGMENT } from './compact.ts';
import { BARE, keyOf, listSegments, type SegmentName } from './segment-names.ts';

/** Another process may join segments meanwhile, and bring back what was taken out. */
const MOST_ROUNDS = 3;

/** As RecordStore.size. */
export async function sizeOfFolder(bucket: Bucket, folder: string): Promise<number> {
  const objects = await bucket.list(folder);
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** As RecordStore.dropBodies. */
export async function dropBodiesOfFolder(bucket: Bucket, folder: string): Promise<boolean> {
  const bare = new Set<string>();
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const { segments, replaced } = await listSegments(bucket, folder);
    await bucket.delete(replaced.map((segment) => keyOf(folder, segment)));
    const left = segments.filter(({ name }) => !name.endsWith(BARE) && !bare.has(name));
    if (left.length === 0) return true;
    for (const segment of left) {
      await dropBodiesOfSegment(bucket, folder, segment);
      bare.add(segment.name);
    }
  }
  return false;
}

async function dropBodiesOfSegment(bucket: Bucket, folder: string, segment: SegmentName): Promise<void> {
  const key = keyOf(folder, segment);
  const object = await bucket.get(key, MOST_SEGMENT);
  if (object === null) return; // joined meanwhile: the next round finds it
  const { index, blocks } = await decodeSegment(object, key);
  const places: BlockPlace[] = [];
  eachInIndex(
    index,
    (place) => places.push(place),
    () => undefined,
  );
  const bare: IndexedBlocks[] = [];
  let isBare = true;
  for (const place of places) {
    const { number, offset, bytes } = place;
    const lines = await decodeBlock(blocks.subarray(offset, offset + bytes), place, key);
    isBare &&= !haveBodies(lines);
    bare.push(await encodeBlock(number, withoutBodies(lines), headsOf(lines)));
  }
  if (isBare) return;
  await bucket.put(keyOf(folder, { name: `${segment.name}${BARE}` }), await encodeSegment(bare), false);
  await bucket.delete([key]);
}

/** `ID CLAIM ` of each record. */
function headsOf(lines: Buffer): string[] {
  const heads: string[] = [];
  const head = new LineHead();
  eachRecord(lines, head, (start) => heads.push(lines.toString('latin1', start, head.jsonStart)) > 0);
  return heads;
}
