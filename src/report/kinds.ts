// The kinds of findings of the site report: their names, and what they tell.

/** In the order of the report. The keys are those of its JSON. `failOn`: the name for --fail-on. */
export const kinds = {
  brokenLinks: {
    failOn: 'broken',
    title: 'Broken links',
    tells: 'They do not answer, or with a status from 400 on. Each stands with all pages that link to it.',
  },
  redirects: {
    failOn: 'redirects',
    title: 'Redirects',
    tells: 'Links to them take more than one request. A chain has two hops or more, a loop never ends.',
  },
  external: {
    failOn: 'external',
    title: 'External links',
    tells: 'Links that lead out of the site, each asked for once (crawl --check-external).',
  },
  slow: { failOn: 'slow', title: 'Slow pages', tells: 'Their first byte came late (--slow).' },
  heavy: { failOn: 'heavy', title: 'Heavy pages', tells: 'Their HTML alone is large (--heavy).' },
  duplicateTitles: {
    failOn: 'duplicate-titles',
    title: 'Duplicate titles',
    tells: 'Several pages have the same title.',
  },
  missingTitles: { failOn: 'missing-titles', title: 'Missing titles', tells: 'These pages have no title.' },
  duplicates: {
    failOn: 'duplicates',
    title: 'Duplicates',
    tells: 'The same bytes are served under several URLs.',
  },
  nearDuplicates: {
    failOn: 'near-duplicates',
    title: 'Near-duplicates',
    tells:
      'Their texts have most three-word sequences in common (--similar); navigation and footers do not count.',
  },
  missingCanonical: {
    failOn: 'missing-canonical',
    title: 'Missing canonical',
    tells: 'These pages do not say which URL is theirs.',
  },
  brokenCanonical: {
    failOn: 'broken-canonical',
    title: 'Broken canonical',
    tells: 'Their canonical URL is broken or redirects.',
  },
  otherCanonical: {
    failOn: 'other-canonical',
    title: 'Canonical elsewhere',
    tells: 'They name another page as the original. That is often meant; it is no fault by itself.',
  },
  mixedContent: {
    failOn: 'mixed-content',
    title: 'Mixed content',
    tells: 'Pages of https that load something by http.',
  },
  orphans: {
    failOn: 'orphans',
    title: 'Orphans',
    tells: 'They are in the sitemap, and no page links to them.',
  },
} as const satisfies Record<string, { failOn: string; title: string; tells: string }>;

export type Kind = keyof typeof kinds;
export const everyKind = Object.keys(kinds) as Kind[];

/** One fault, or one group of pages. What does not apply is absent or null. */
export interface Finding {
  url?: string;
  /** A group: all its pages. */
  urls?: string[];
  status?: number | null;
  /** The error code of the record. */
  code?: string | null;
  finalUrl?: string | null;
  /** The link leads out of the site. */
  external?: boolean;
  /** Of an external link: it does not work. */
  broken?: boolean;
  type?: 'redirect' | 'chain' | 'loop';
  hops?: readonly { url: string; status: number }[];
  /** All pages that link to it. */
  from?: string[];
  /** How many more there are, when the report has too many of them. */
  fromLeftOut?: number;
  firstByteMs?: number;
  bytes?: number;
  title?: string;
  /** In percent: how much the least alike of the group have in common. */
  similarity?: number;
  canonical?: string;
  resources?: string[];
  sitemap?: string;
}

export type FindingsByKind = Record<Kind, Finding[]>;

/** The limits beyond which a page is a finding. */
export interface Thresholds {
  slowMs: number;
  heavyBytes: number;
  /** In percent. */
  similar: number;
}

export interface SiteReport {
  crawl: string;
  state: string;
  generatedAt: string;
  /** Records read, and how many of them are pages: HTML with a status 2xx. */
  records: number;
  pages: number;
  thresholds: Thresholds;
  /** What the report cannot tell, or tells of a part only, in sentences. */
  notes: string[];
  /** Kinds of which it can tell nothing. */
  cannotTell: Kind[];
  findings: FindingsByKind;
}

/** The number of findings that are faults: an external link counts when it is broken. */
export function faultsOf({ findings }: SiteReport, kind: Kind): number {
  if (kind !== 'external') return findings[kind].length;
  return findings.external.filter(({ broken }) => broken).length;
}
