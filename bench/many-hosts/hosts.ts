// The hosts of the many-hosts scenario, made up by arithmetic: their names, their limits, and which page
// links to which. Both the site and the audit compute them, so nothing of it is kept.
import type { AuditedLimits } from '../../test/support/politeness/auditor.ts';

export interface Shape {
  hosts: number;
  pagesPerHost: number;
  /** The delay of the hosts that have one. */
  delayMs: number;
}

/** A page: the number of its host, and its own at this host. 0 is the root. */
export interface PageId {
  host: number;
  page: number;
}

/** A host's limits, and who names them: drover's settings, robots.txt, or nobody. */
export interface HostLimits extends AuditedLimits {
  by: 'settings' | 'robots.txt' | 'default';
}

/** What drover keeps to where nobody says otherwise. */
const PER_HOST = 2;
/** Of so many hosts, one has a delay by the settings, one by robots.txt, and one a single fetch in flight. */
const KINDS = 20;
const [BY_SETTINGS, BY_ROBOTS, ALONE] = [7, 13, 17];
const ENDS: Readonly<Record<number, string>> = {
  [BY_SETTINGS]: 'delayed.example',
  [ALONE]: 'alone.example',
};

const CHILD_HOSTS = 8;
const CHILD_PAGES = 4;
/** What a page's links to another host step by: primes, so that they reach all hosts. */
const [HOST_STEP, PAGE_STEP] = [7919, 104_729];

const LETTERS = 26;
const NAME_LENGTH = 4;
const MOST_HOSTS = LETTERS ** NAME_LENGTH;

/** Why there can be no such scenario, in words; null if there can. */
export function unfit({ hosts, pagesPerHost, delayMs }: Shape): string | null {
  const whole = [hosts, pagesPerHost, delayMs].every((n) => Number.isInteger(n) && n >= 1);
  if (!whole || hosts < KINDS || hosts > MOST_HOSTS) return `20 to ${MOST_HOSTS} hosts`;
  return pagesPerHost > 65_000 ? 'at most 65,000 pages a host' : null;
}

/**
 * The name of a host. It has no digits, which drover could take for a chain of numbered hosts, and nearly all
 * have a registrable domain of their own.
 */
export function nameOf(host: number): string {
  let name = '';
  for (let rest = host, k = 0; k < NAME_LENGTH; k++, rest = Math.floor(rest / LETTERS))
    name = String.fromCharCode(97 + (rest % LETTERS)) + name;
  return `${name}.${ENDS[host % KINDS] ?? 'example'}`;
}

/** The number of a host by its name, with or without a port. Null if it is none of the scenario. */
export function hostNamed(name: string, hosts: number): number | null {
  let host = 0;
  for (let k = 0; k < NAME_LENGTH; k++) host = host * LETTERS + name.charCodeAt(k) - 97;
  return host >= 0 && host < hosts && name.replace(/:\d+$/, '') === nameOf(host) ? host : null;
}

export function limitsOf(host: number, { delayMs }: Shape): HostLimits {
  const kind = host % KINDS;
  if (kind === BY_SETTINGS) return { by: 'settings', concurrency: PER_HOST, delayMs };
  if (kind === BY_ROBOTS) return { by: 'robots.txt', concurrency: PER_HOST, delayMs };
  if (kind === ALONE) return { by: 'settings', concurrency: 1, delayMs: 0 };
  return { by: 'default', concurrency: PER_HOST, delayMs: 0 };
}

/** The content of drover.config.json. */
export function settingsOf({ delayMs }: Shape): { hosts: Record<string, object> } {
  return {
    hosts: {
      [`*.${ENDS[BY_SETTINGS]}`]: { delay: `${delayMs}ms` },
      [`*.${ENDS[ALONE]}`]: { concurrency: 1 },
    },
  };
}

/** The robots.txt of a host; null for none. */
export function robotsOf(host: number, { delayMs }: Shape): string | null {
  return host % KINDS === BY_ROBOTS ? `User-agent: *\nCrawl-delay: ${delayMs / 1000}\n` : null;
}

/**
 * The pages to which a page links: its children at its host, the root, and a page of another host. Roots link
 * to the roots of further hosts as well. So all pages are found from the root of host 0.
 */
export function linksOf({ host, page }: PageId, { hosts, pagesPerHost }: Shape): PageId[] {
  const children = childrenOf(page, CHILD_PAGES, pagesPerHost).map((child) => ({ host, page: child }));
  const roots = page === 0 ? childrenOf(host, CHILD_HOSTS, hosts) : [];
  const other = (host * HOST_STEP + page * PAGE_STEP + 1) % hosts;
  return [
    ...children,
    ...roots.map((child) => ({ host: child, page: 0 })),
    { host, page: 0 },
    { host: other, page: (page * 31 + host) % pagesPerHost },
  ];
}

function childrenOf(number: number, each: number, count: number): number[] {
  const first = number * each + 1;
  return Array.from({ length: Math.max(0, Math.min(each, count - first)) }, (_, k) => first + k);
}

/** `/` for the root, `/p/12` for 12. */
export const pathOf = (page: number) => (page === 0 ? '/' : `/p/${page}`);

/** The number of a page by its path; null if there is no such page. */
export function pageOf(path: string, pagesPerHost: number): number | null {
  if (path === '/') return 0;
  const page = /^\/p\/([1-9]\d{0,4})$/.test(path) ? Number(path.slice(3)) : pagesPerHost;
  return page < pagesPerHost ? page : null;
}

const PARAGRAPH =
  '<p>A crawler asks for pages one after the other &amp; follows what they link to; this one is as long as pages are.</p>\n';
const BYTES = 2000;

/** The HTML of a page, of some 2 kB. */
export function htmlOf(id: PageId, shape: Shape, port: number): string {
  const title = `Page ${id.page} of ${nameOf(id.host)}`;
  let html = `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>\n<body><h1>${title}</h1>\n<ul>\n`;
  for (const { host, page } of linksOf(id, shape)) {
    const at = host === id.host ? '' : `http://${nameOf(host)}:${port}`;
    html += `<li><a href="${at}${pathOf(page)}">Page ${page} of ${nameOf(host)}</a></li>\n`;
  }
  const rest = Math.max(1, Math.ceil((BYTES - html.length) / PARAGRAPH.length));
  return `${html}</ul>\n${PARAGRAPH.repeat(rest)}</body></html>\n`;
}
