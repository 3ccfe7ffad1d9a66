// What is compared of a record, small enough to be kept until the record of the other run is there.
import { hash } from 'node:crypto';
import type { CrawlRecord } from '../record.ts';
import { type PageStanding, standingOf } from './decide.ts';
import type { ChangedField, PageState } from './kinds.ts';

/** A record without its body. Those of former versions do not say whether a page was unchanged. */
export type RecordHead = Omit<CrawlRecord, 'body' | 'unchanged'> & {
  unchanged?: { crawl: string; id: string } | null;
};

export interface SeenPage {
  id: string;
  url: string;
  method: string;
  standing: PageStanding;
  state: PageState;
  sha256: string | null;
  /** Of the items of handlers; null if no handler took the page. */
  itemsDigest: string | null;
}

export function seenPageOf(record: RecordHead): SeenPage {
  const { id, url, method, error, finalUrl, title, contentType, bytes, fetchedAt, sha256, items } = record;
  return {
    ...{ id, url, method, standing: standingOf(record), sha256 },
    state: {
      status: statusOf(record),
      code: error?.code ?? null,
      finalUrl,
      title,
      contentType,
      bytes,
      fetchedAt,
    },
    itemsDigest: items === null ? null : hash('sha1', canonicalJson(items), 'hex'),
  };
}

/** A 304 says that the page is as it was; it was a 200 then. */
function statusOf({ ok, status }: RecordHead): number | null {
  return ok && status === 304 ? 200 : status;
}

/**
 * A number of 32 bits that is the same for two pages without a difference. Two that differ have the same one
 * in one of four thousand million cases.
 */
export function printOf({ standing, state, sha256, itemsDigest }: SeenPage): number {
  const { status, code, finalUrl, title } = state;
  const what = standing === 'there' ? [status, finalUrl, title, sha256, itemsDigest] : [status, code];
  return Number.parseInt(hash('sha1', JSON.stringify(what), 'hex').slice(0, 8), 16);
}

/**
 * In what two pages differ. Of an error page, only the status counts. Content and items count where both runs
 * have them.
 */
export function differences(a: SeenPage, b: SeenPage): ChangedField[] {
  const isOther = (field: 'status' | 'code' | 'finalUrl' | 'title') => a.state[field] !== b.state[field];
  if (a.standing !== 'there' || b.standing !== 'there')
    return isOther('status') || isOther('code') ? ['status'] : [];
  const isOtherOfBoth = (one: string | null, other: string | null) =>
    one !== null && other !== null && one !== other;
  const fields: ChangedField[] = (['status', 'finalUrl', 'title'] as const).filter(isOther);
  if (isOtherOfBoth(a.sha256, b.sha256)) fields.push('content');
  if (isOtherOfBoth(a.itemsDigest, b.itemsDigest)) fields.push('items');
  return fields;
}

/** JSON with the names of each object in order: a store may keep them in another. */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, inOrder, indent);
}

function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
