// The names of the objects of a crawl. A segment is one object, WRITER.FIRST-LAST.zst: a writer numbers its
// blocks from 0 on, and a segment has those from FIRST to LAST. What is joined has more of them and takes the
// place of the smaller ones.
import { randomBytes } from 'node:crypto';
import type { Bucket, ListedObject } from './bucket.ts';

export interface SegmentName {
  /** The whole name without an ending. */
  name: string;
  writer: string;
  first: number;
  last: number;
  bytes: number;
  writtenMs: number;
}

/** Sorted by time, and no other process makes the same: 9 characters of time and 12 at random. */
export function newWriterName(): string {
  return `${Date.now().toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`;
}

const digits = (number: number) => String(number).padStart(9, '0');

/** The end of a segment's name that was put anew without bodies. It takes the place of the one with them. */
export const BARE = '.bare';

/** `nonce` keeps two processes that join the same blocks apart where the server cannot. */
export function objectName(writer: string, first: number, last: number, nonce = ''): string {
  return `${writer}.${digits(first)}-${digits(last)}${nonce && `.${nonce}`}`;
}

/** The key of a segment's object. */
export const keyOf = (folder: string, { name }: Pick<SegmentName, 'name'>) => `${folder}/${name}.zst`;

export interface Listing {
  /** By writer, oldest first; of each writer by number, without those whose blocks a larger one has. */
  segments: SegmentName[];
  /** Segments whose blocks are all in a larger one: they may be deleted. */
  replaced: SegmentName[];
}

/** What is there of a folder now. Throws errors of layer store. */
export async function listSegments(bucket: Bucket, folder: string): Promise<Listing> {
  return pickSegments(segmentsAmong(await bucket.list(folder)));
}

function segmentsAmong(objects: readonly ListedObject[]): SegmentName[] {
  return objects.flatMap(({ name: object, bytes, writtenMs }) => {
    const [, name, writer, first, last] =
      /^(([0-9a-z]{21})\.(\d+)-(\d+)(?:\.[0-9a-f]+)?(?:\.bare)?)\.zst$/.exec(object) ?? [];
    if (!name || !writer) return [];
    return [{ name, writer, first: Number(first), last: Number(last), bytes, writtenMs }];
  });
}

/** Leaves out segments whose blocks a larger one has. */
export function pickSegments(all: readonly SegmentName[]): Listing {
  const sorted = all.toSorted(
    (a, b) =>
      compare(a.writer, b.writer) ||
      a.first - b.first ||
      b.last - a.last ||
      Number(b.name.endsWith(BARE)) - Number(a.name.endsWith(BARE)) ||
      compare(a.name, b.name),
  );
  const listing: Listing = { segments: [], replaced: [] };
  let before: SegmentName | undefined;
  for (const segment of sorted) {
    const isWithin = before?.writer === segment.writer && segment.last <= before.last;
    if (isWithin) listing.replaced.push(segment);
    else {
      listing.segments.push(segment);
      before = segment;
    }
  }
  return listing;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
