// What differs between two runs of a crawl: the kinds of changes, and what is told of each.

/** In the order of the list. The keys are those of its JSON, and the names for --kind and --fail-on. */
export const changeKinds = {
  new: { title: 'New', tells: 'They answer now, and were in no earlier run.' },
  changed: { title: 'Changed', tells: 'Their content, title, final URL, status or items are others.' },
  gone: { title: 'Gone', tells: 'They were there in the former run: now 404 or 410, or not found any more.' },
  back: {
    title: 'Back',
    tells: 'They answer again: not in the former run, but in an earlier one they did.',
  },
  unknown: {
    title: 'Not known',
    tells: 'They could not be compared: one of the runs did not get to see the page.',
  },
} as const satisfies Record<string, { title: string; tells: string }>;

export type ChangeKind = keyof typeof changeKinds;
export const everyChangeKind = Object.keys(changeKinds) as ChangeKind[];

/** What can differ. `content` is the bytes of the body. */
export type ChangedField = 'status' | 'finalUrl' | 'title' | 'content' | 'items';

/** What a run has found at a URL. */
export interface PageState {
  status: number | null;
  /** The error code of its record. */
  code: string | null;
  finalUrl: string | null;
  title: string | null;
  contentType: string | null;
  /** The length of the decoded body. */
  bytes: number | null;
  fetchedAt: string;
}

/**
 * How the main text of a page whose content differs has changed. `changed`: as `diff` says. `same`: only
 * markup, navigation or footers differ. `not-kept`: a run has kept no bodies. `not-text`: it is an image or
 * the like. `too-large`, `too-different`: more than is compared. `not-compared`: it was not asked for.
 */
export type TextChange =
  | 'changed'
  | 'same'
  | 'not-kept'
  | 'not-text'
  | 'too-large'
  | 'too-different'
  | 'not-compared';

/** How many lines a difference of texts has. */
export interface LineCounts {
  added: number;
  removed: number;
  /** Lines of the difference that were cut off. */
  leftOut: number;
}

export interface Change {
  /** The fingerprint of the request: the id of both records. */
  id: string;
  url: string;
  method: string;
  /** Null when the run has no record of it. */
  from: PageState | null;
  to: PageState | null;
  /** Of a changed page. */
  fields?: ChangedField[];
  /** Of a page whose content has changed. */
  text?: TextChange;
  /** How its text differs: hunks as of `diff -u`, without the names of files. It may be cut at its end. */
  diff?: string;
  lines?: LineCounts;
  /** How the items differ, as JSON; absent when they are too large. */
  itemsDiff?: string;
  /** Of a page that is back: the id of the newest earlier run in which it answered. */
  lastIn?: string;
}

export interface ComparedRun {
  crawl: string;
  state: string;
  createdAt: string;
  finishedAt: string | null;
  records: number;
}

export interface ChangeCounts extends Record<ChangeKind, number> {
  /** Requests of which both runs found the same. */
  same: number;
}

/** The changes between two runs as JSON: a list for each kind that was asked for. */
export interface RunDifference extends Partial<Record<ChangeKind, Change[]>> {
  from: ComparedRun;
  to: ComparedRun;
  /** ISO 8601. */
  generatedAt: string;
  /** What cannot be told, or not for certain, in sentences. */
  notes: string[];
  counts: ChangeCounts;
}
