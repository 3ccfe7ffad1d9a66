// The cursor of a reader: how far it has read the segments of a crawl, any of which may still grow. The
// cursor has everything that is needed to go on, so that any process can do so.
import { hash } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { IndexedSegment } from './folder-index.ts';

/**
 * The largest number of segments that a cursor names before the furthest one. Segments after the furthest one
 * that was begun are unread. Of those before it, the cursor names the ones that may still grow; the others
 * are read completely. If there are more than this, the oldest are not named, and the reader does not see
 * what is appended to them later.
 */
const MOST_NAMED = 200;

/** Where to go on reading in a segment: at byte `from`. */
export interface Stretch {
  segment: IndexedSegment;
  from: number;
}

const furthestOf = (named: readonly string[]) => named.at(-1) ?? '';

/**
 * Where to go on after a cursor, in the order in which to read: first the furthest segment that was begun and
 * those after it, then those before it, which may have grown. `segments` must be sorted by name. Throws
 * E_FIELD if formatCursor did not make the cursor for these segments.
 */
export function parseCursor(cursor: string | null, segments: readonly IndexedSegment[]): Stretch[] {
  if (cursor === null) return segments.map((segment) => ({ segment, from: 0 }));
  if (!/^[0-9a-f]{10}\.[0-9a-z]{1,11}(_[0-9a-f]{10}\.[0-9a-z]{1,11})*$/.test(cursor)) throw noCursor();
  const named = cursor.split('_').map((part) => part.split('.') as [string, string]);
  const offsets = new Map(named.map(([name, offset]) => [name, Number.parseInt(offset, 36)]));
  const names = segments.map(({ name }) => shortName(name));
  const furthest = names.indexOf(furthestOf(named.map(([name]) => name)));
  if (furthest < 0 || !named.every(([name]) => names.includes(name))) throw noCursor();
  const growing = growingAmong(segments);
  const stretches = segments.map((segment, index) => {
    const given = offsets.get(names[index] ?? '');
    if (given !== undefined && given > segment.end) throw noCursor();
    // A segment that may grow and is not named has been begun since, by a process whose clock is late.
    const isRead = index < furthest && (!growing.has(segment) || named.length > MOST_NAMED);
    return { segment, from: given ?? (isRead ? segment.end : 0) };
  });
  return [...stretches.slice(furthest), ...stretches.slice(0, furthest)];
}

/** The cursor for how far these segments have been read. They may be in any order. */
export function formatCursor(stretches: readonly Stretch[]): string {
  const byName = stretches.toSorted((a, b) => (a.segment.name < b.segment.name ? -1 : 1));
  const begun = byName.findLastIndex(({ from }) => from > 0);
  const furthest = Math.max(begun, 0);
  const growing = growingAmong(byName.map(({ segment }) => segment));
  const named = byName.filter(
    ({ segment, from }, index) =>
      index === furthest || (index < furthest && (from < segment.end || growing.has(segment))),
  );
  return named
    .slice(-(MOST_NAMED + 1))
    .map(({ segment, from }) => `${shortName(segment.name)}.${from.toString(36)}`)
    .join('_');
}

/**
 * The segments that may still grow. A process writes one segment of a crawl at a time, so only the last one
 * of each process can grow. The names are made in src/records/write/segment.ts.
 */
function growingAmong(segments: readonly IndexedSegment[]): Set<IndexedSegment> {
  const last = new Map<string, IndexedSegment>();
  for (const segment of segments) {
    const writer = /^\d{8}T\d{9}Z-(.+)-[0-9a-f]{12}\.jsonl$/.exec(segment.name)?.[1] ?? segment.name;
    last.set(writer, segment);
  }
  return new Set(last.values());
}

const shortName = (name: string) => hash('sha1', name, 'hex').slice(0, 10);

/** The error for a cursor that cannot be used. */
export function noCursor(): DroverError {
  return new DroverError('E_FIELD', 'cursor: take it from the page before.', { field: 'query.cursor' });
}
