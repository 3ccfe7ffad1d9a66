// Joins small segments into larger ones, by copying their blocks as they are. First the larger segment is
// put, then the smaller ones are deleted, so a crash at any point leaves all records there; what it leaves
// twice is deleted by the next compaction. Several processes may join the same: they make the same bytes.
import { randomBytes } from 'node:crypto';
import { decodeSegment, encodeSegment, type IndexedBlocks } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { keyOf, listSegments, objectName, type SegmentName } from './segment-names.ts';

/** No joined segment is larger. One that is larger than half of it stays as it is. */
const MOST_BYTES = 32 * 1024 * 1024;
export const MOST_SEGMENT = 4 * MOST_BYTES;
/** So many adjacent segments are joined; or fewer that fill one. */
const JOINED = 16;
/** A writer that has written nothing for so long has ended: all that it has left is joined. */
const LEFT_MS = 10 * 60_000;

export interface CompactParts {
  bucket: Bucket;
  folder: string;
  /** Whether the server obeys If-None-Match. */
  isConditional: boolean;
  nowMs?: number;
}

/** A segment whose content is at hand. */
export interface HeldSegment extends IndexedBlocks, Pick<SegmentName, 'name' | 'writer' | 'first' | 'last'> {}

/**
 * Joins what has become many. Single blocks of a writer that still writes are left to it. Throws errors of
 * layer store. Idempotent, and may stop anywhere.
 */
export async function compact(parts: CompactParts): Promise<void> {
  const { bucket, folder, nowMs = Date.now() } = parts;
  for (;;) {
    const { segments, replaced } = await listSegments(bucket, folder);
    await bucket.delete(replaced.map((segment) => keyOf(folder, segment)));
    const run = findRun(segments, nowMs);
    if (run === null) return;
    const held: HeldSegment[] = [];
    for (const segment of run) {
      const key = keyOf(folder, segment);
      const object = await bucket.get(key, MOST_SEGMENT);
      if (object === null) return; // another process has joined it meanwhile
      held.push({ ...segment, ...(await decodeSegment(object, key)) });
    }
    await joinSegments(parts, held);
  }
}

/** Adjacent segments of one writer become one. Throws errors of layer store; may stop anywhere. */
export async function joinSegments(
  { bucket, folder, isConditional }: CompactParts,
  run: readonly HeldSegment[],
): Promise<void> {
  const [first, last] = [run[0], run.at(-1)];
  if (!first || !last || first === last) return;
  const nonce = isConditional ? '' : randomBytes(4).toString('hex');
  const name = objectName(first.writer, first.first, last.last, nonce);
  await bucket.put(keyOf(folder, { name }), await encodeSegment(run), isConditional);
  await bucket.delete(run.map((segment) => keyOf(folder, segment)));
}

/** Adjacent segments of one writer that are worth joining; null when there are none. */
export function findRun(segments: readonly SegmentName[], nowMs = Date.now()): SegmentName[] | null {
  for (const own of Map.groupBy(segments, ({ writer }) => writer).values()) {
    const newest = Math.max(...own.map(({ writtenMs }) => writtenMs));
    const isLeft = nowMs - newest > LEFT_MS;
    for (const { run, isFull } of runsOf(own, isLeft))
      if (run.length > 1 && (isLeft || isFull || run.length >= JOINED)) return run;
  }
  return null;
}

interface Run {
  run: SegmentName[];
  /** The next segment would be too much. */
  isFull: boolean;
}

/** Runs without a gap that fit into one segment. */
function runsOf(own: readonly SegmentName[], withSingles: boolean): Run[] {
  const runs: Run[] = [];
  let [current, bytes]: [Run | null, number] = [null, 0];
  for (const segment of own) {
    if (segment.bytes > MOST_BYTES / 2 || !(withSingles || segment.last > segment.first)) {
      current = null;
      continue;
    }
    const isAdjacent = current?.run.at(-1)?.last === segment.first - 1;
    if (current && isAdjacent && bytes + segment.bytes <= MOST_BYTES) {
      current.run.push(segment);
      bytes += segment.bytes;
      continue;
    }
    if (current && isAdjacent) current.isFull = true;
    current = { run: [segment], isFull: false };
    bytes = segment.bytes;
    runs.push(current);
  }
  return runs;
}
