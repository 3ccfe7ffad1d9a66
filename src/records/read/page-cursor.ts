// How far a reader has come through segments that grow at any end: told by the cursor alone, so that any process can go on with it.
import { hash } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { IndexedSegment } from './folder-index.ts';

/**
 * Segments beyond the furthest that was begun are unread. Before it, the cursor names those that may still grow; the others are read to
 * their ends. With more of them than this the oldest are left out, and what is yet appended to those is not seen.
 */
const MOST_NAMED = 200;

/** Where to read on in each segment, in the order in which to do so: from the furthest that was begun, then what has grown before it. */
export interface Stretch {
  segment: IndexedSegment;
  from: number;
}

const furthestOf = (named: readonly string[]) => named.at(-1) ?? '';

/** `segments` by name. Throws E_FIELD for a text that formatCursor did not make for these segments. */
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
    // One that may grow and is not named has come since, under a clock that is late.
    const isRead = index < furthest && (!growing.has(segment) || named.length > MOST_NAMED);
    return { segment, from: given ?? (isRead ? segment.end : 0) };
  });
  return [...stretches.slice(furthest), ...stretches.slice(0, furthest)];
}

/** The cursor behind these stretches, as far as they have been read; in any order. */
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

/** A process has one segment of a crawl at a time: only the last of each may still grow. Names: src/records/write/segment.ts. */
function growingAmong(segments: readonly IndexedSegment[]): Set<IndexedSegment> {
  const last = new Map<string, IndexedSegment>();
  for (const segment of segments) {
    const writer = /^\d{8}T\d{9}Z-(.+)-[0-9a-f]{12}\.jsonl$/.exec(segment.name)?.[1] ?? segment.name;
    last.set(writer, segment);
  }
  return new Set(last.values());
}

const shortName = (name: string) => hash('sha1', name, 'hex').slice(0, 10);

export function noCursor(): DroverError {
  return new DroverError('E_FIELD', 'cursor: take it from the page before.', { field: 'query.cursor' });
}
