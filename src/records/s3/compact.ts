// Joins small segments into larger ones, by copying their blocks as they are. First the larger segment is
// put, then the smaller ones are deleted, so a crash at any point leaves all records there; what it leaves
// twice is deleted by the next compaction. Several processes may compact the same: they make the same bytes.
import { randomBytes } from 'node:crypto';
import { decodeIndex, joinIndexes } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { listSegments, objectName, type SegmentName } from './segment-names.ts';

/** So many segments of about one size are joined, as long as the result is not larger than MOST_BYTES. */
export const JOINED = 16;
const MOST_BYTES = 32 * 1024 * 1024;
export const MOST_INDEX = 64 * 1024 * 1024;
export const MOST_SEGMENT = 2 * MOST_BYTES;
/** What a writer has left that has written nothing for so long is joined whatever its number. */
const LEFT_MS = 10 * 60_000;

export interface CompactParts {
  bucket: Bucket;
  folder: string;
  /** Whether the server obeys If-None-Match. */
  isConditional: boolean;
}

/** Throws errors of layer store. Idempotent, and may stop anywhere. */
export async function compact(parts: CompactParts): Promise<void> {
  const { bucket, folder } = parts;
  for (;;) {
    const { segments, replaced } = await listSegments(bucket, folder);
    for (const segment of replaced) await removeSegment(bucket, folder, segment);
    const run = findRun(segments);
    if (run === null || !(await join(parts, run))) return;
  }
}

/** The index first: without it the blocks are not seen. */
export async function removeSegment(bucket: Bucket, folder: string, { name }: SegmentName): Promise<void> {
  await bucket.delete(`${folder}/${name}.idx`);
  await bucket.delete(`${folder}/${name}.zst`);
}

/** Adjacent segments of one writer that are worth joining; null when there are none. */
export function findRun(segments: readonly SegmentName[], nowMs = Date.now()): SegmentName[] | null {
  for (const own of byWriter(segments)) {
    for (let span = JOINED; span <= JOINED ** 4; span *= JOINED)
      for (const group of groupsOf(own, span)) if (isWorthIt(group, span)) return group;
    const newest = Math.max(...own.map(({ writtenMs }) => writtenMs));
    if (nowMs - newest > LEFT_MS) {
      const rest = leftOver(own);
      if (rest) return rest;
    }
  }
  return null;
}

function byWriter(segments: readonly SegmentName[]): SegmentName[][] {
  return [...Map.groupBy(segments, ({ writer }) => writer).values()];
}

/** The segments that lie in blocks [n * span, (n + 1) * span). */
function groupsOf(own: readonly SegmentName[], span: number): SegmentName[][] {
  const within = own.filter(({ first, last }) => Math.floor(first / span) === Math.floor(last / span));
  return [...Map.groupBy(within, ({ first }) => Math.floor(first / span)).values()];
}

function isWorthIt(group: readonly SegmentName[], span: number): boolean {
  return group.length > 1 && spanOf(group) === span && fits(group);
}

const fits = (group: readonly SegmentName[]) =>
  group.reduce((sum, { bytes }) => sum + bytes, 0) <= MOST_BYTES;

/** The number of blocks, when none is missing between them; else 0. */
function spanOf(group: readonly SegmentName[]): number {
  const isWhole = group.every(({ first }, at) => at === 0 || first === (group[at - 1]?.last ?? -2) + 1);
  return isWhole ? (group.at(-1)?.last ?? 0) - (group[0]?.first ?? 0) + 1 : 0;
}

/** The longest run from some segment on that fits into one. */
function leftOver(own: readonly SegmentName[]): SegmentName[] | null {
  for (let start = 0; start < own.length; start++) {
    let end = start + 1;
    while (end < own.length && spanOf(own.slice(start, end + 1)) > 0 && fits(own.slice(start, end + 1)))
      end++;
    if (end - start > 1) return own.slice(start, end);
  }
  return null;
}

/** Whether it was joined; not when another process has done it meanwhile. */
async function join(
  { bucket, folder, isConditional }: CompactParts,
  run: readonly SegmentName[],
): Promise<boolean> {
  const parts: { index: Buffer; bytes: number }[] = [];
  const blocks: Buffer[] = [];
  for (const { name } of run) {
    const index = await bucket.get(`${folder}/${name}.idx`, MOST_INDEX);
    const data = await bucket.get(`${folder}/${name}.zst`, MOST_SEGMENT);
    if (index === null || data === null) return false;
    parts.push({ index: await decodeIndex(index, name), bytes: data.length });
    blocks.push(data);
  }
  const [first, last] = [run[0] as SegmentName, run.at(-1) as SegmentName];
  const nonce = isConditional ? '' : randomBytes(4).toString('hex');
  const key = `${folder}/${objectName(first.writer, first.first, last.last, nonce)}`;
  await bucket.put(`${key}.zst`, Buffer.concat(blocks), isConditional);
  await bucket.put(`${key}.idx`, await joinIndexes(parts), isConditional);
  for (const segment of run) await removeSegment(bucket, folder, segment);
  return true;
}
