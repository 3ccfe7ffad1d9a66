// The decisions: what a record tells of its page, and what two of them tell of a change. Nothing is read.
import { entryOf } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import type { ChangeKind } from './kinds.ts';

/**
 * What a record tells of its page. `there`: it answered. `gone`: it is no more. `other`: something else
 * stands at its URL, such as a 403. `unseen`: the fetch failed, or was not allowed, and the page may be as it
 * was.
 */
export type PageStanding = 'there' | 'gone' | 'other' | 'unseen';

/** Statuses that say of the request and not of the page that it did not succeed. */
const ofTheMoment = new Set([408, 421, 425, 429]);

export function standingOf({
  ok,
  status,
  error,
}: Pick<CrawlRecord, 'ok' | 'status' | 'error'>): PageStanding {
  if (ok) return 'there';
  const isSaid = error === null || entryOf(error.code)?.tellsOfPage === true;
  if (!isSaid || (status !== null && (status >= 500 || ofTheMoment.has(status)))) return 'unseen';
  return status === null || status === 404 || status === 410 ? 'gone' : 'other';
}

/** What is known of a run: whether its records are all there, so that none means no such request. */
export interface Wholeness {
  fromIsWhole: boolean;
  toIsWhole: boolean;
}

/**
 * What two standings make, null for no record of the run. `compare`: the pages themselves decide. `returned`:
 * it is `back` if it was there in an earlier run, and otherwise as `changeOfReturned` says. Null: nothing to
 * tell.
 */
export function changeOf(
  from: PageStanding | null,
  to: PageStanding | null,
  { fromIsWhole, toIsWhole }: Wholeness,
): ChangeKind | 'compare' | 'returned' | null {
  if (from === null && !fromIsWhole) return to === null ? null : 'unknown';
  if (to === null && !toIsWhole) return from === 'there' ? 'unknown' : null;
  switch (to) {
    case 'there':
      return from === 'there' ? 'compare' : 'returned';
    case 'unseen':
      return from === 'unseen' ? null : 'unknown';
    case 'gone':
      if (from === 'there') return 'gone';
      if (from === 'other') return 'changed';
      return from === 'unseen' ? 'unknown' : null;
    case 'other':
      if (from === 'unseen') return 'unknown';
      return from === null ? null : 'compare';
    case null:
      return from === 'there' ? 'gone' : null;
    default:
      return to satisfies never;
  }
}

/** A page that is there now, was not in the former run, and in no earlier one. */
export function changeOfReturned(from: PageStanding | null): ChangeKind {
  if (from === null) return 'new';
  return from === 'unseen' ? 'unknown' : 'changed';
}
