// What has changed at one URL, when both runs have been looked at. Nothing is read here.
import type { EmittedItem } from '../record.ts';
import { changeOfReturned } from './decide.ts';
import type { Change, ChangeKind } from './kinds.ts';
import { compareTexts, lineDiff, type PageText } from './page-text.ts';
import { canonicalJson, differences, type SeenPage } from './seen-page.ts';

/** Longer items are not shown. */
const MOST_ITEMS = 64 * 1024;
const LONGEST_DIFF_MS = 1000;

/** What the newer run found of a request. */
export interface Found {
  /** As changeOf says. */
  kind: ChangeKind | 'compare' | 'returned';
  page: SeenPage;
  /** Null when texts are not compared. */
  text: PageText | null;
  /** As shownItems makes it. */
  items: string | null;
}

/** What the former run found of it. */
export interface Former {
  page: SeenPage;
  items: string | null;
  text(): PageText;
}

export interface Concluded {
  kind: ChangeKind;
  change: Change;
}

export interface ConcludeOptions {
  /** Whether differences of lines are told. */
  diff: boolean;
  /** A page whose main text is the same has not changed. */
  textOnly: boolean;
}

/**
 * Null when nothing has changed. `lastIn`: the newest earlier run in which a returned page was there. Takes a
 * second at most for each of text and items.
 */
export function conclude(
  { kind, page, text, items }: Found,
  former: Former | null,
  lastIn: string | null,
  options: ConcludeOptions,
): Concluded | null {
  const change = changeBetween(former?.page ?? null, page);
  if (kind === 'returned') {
    if (lastIn !== null) return { kind: 'back', change: { ...change, lastIn } };
    return told(changeOfReturned(former?.page.standing ?? null), change);
  }
  if (kind !== 'compare') return told(kind, change);
  if (former === null) return null;
  const fields = differences(former.page, page);
  const texts = fields.includes('content') ? compared(former, text) : {};
  const counted =
    options.textOnly && texts.text === 'same' ? fields.filter((field) => field !== 'content') : fields;
  if (counted.length === 0) return null;
  const { text: state, ...lines } = texts;
  const { items: own } = former;
  const hasBoth = fields.includes('items') && own !== null && items !== null;
  const itemsDiff = options.diff && hasBoth ? lineDiff(own, items, LONGEST_DIFF_MS)?.diff : undefined;
  return {
    kind: 'changed',
    change: {
      ...{ ...change, fields: counted },
      ...(state ? { text: state } : {}),
      ...(options.diff ? lines : {}),
      ...(itemsDiff ? { itemsDiff } : {}),
    },
  };
}

function compared(former: Former, text: PageText | null): Pick<Change, 'text' | 'diff' | 'lines'> {
  if (text === null) return { text: 'not-compared' };
  return text.lines === null ? { text: text.why } : compareTexts(former.text(), text, LONGEST_DIFF_MS);
}

function told(kind: ChangeKind, change: Change): Concluded {
  return { kind, change: kind === 'changed' ? { ...change, fields: ['status'] } : change };
}

export function changeBetween(from: SeenPage | null, to: SeenPage | null): Change {
  const { id, url, method } = (to ?? from) as SeenPage;
  return { id, url, method, from: from?.state ?? null, to: to?.state ?? null };
}

/** Items as JSON with lines; null if there are none or too many. */
export function shownItems(items: EmittedItem[] | null): string | null {
  const text = items === null ? null : canonicalJson(items, 1);
  return text === null || text.length > MOST_ITEMS ? null : `${text}\n`;
}
