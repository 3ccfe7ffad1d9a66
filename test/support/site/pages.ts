// The pages of the test site: which page links to which, and their HTML. The functions are pure, so that a
// test can compute what a crawl must find.

export interface PageShape {
  /** The number of pages, /p/0 to /p/(pages - 1), in addition to the root /. */
  pages: number;
  /** The number of links on every page. With 0, no link leads to any page. */
  linksPerPage: number;
  /** The length of a page's HTML. A page is longer if its links need more. */
  bytes: number;
}

export const ROOT = -1;

/**
 * The pages to which page `index` links (ROOT is /). With L links on each page, the root links to the first L
 * pages, and page i to its children Li+1 … Li+L. If these are too few, the page also links back to pages to
 * which one of its ancestors links. Those are known before page `index`, so that the depth of every page is
 * the same in whatever order a crawl goes. If a site has too few pages for L different links, some are
 * repeated.
 */
export function linksOf(index: number, { pages, linksPerPage }: PageShape): number[] {
  const links: number[] = [];
  const first = index === ROOT ? 0 : linksPerPage * index + 1;
  for (let k = 0; k < linksPerPage && first + k < pages; k++) links.push(first + k);
  if (links.length === linksPerPage) return links;

  const known = knownBefore(index, pages, linksPerPage);
  let at = Math.max(index, 0) * 7; // another corner of the family for every page
  while (links.length < linksPerPage) links.push(known[at++ % known.length] ?? ROOT);
  return links;
}

/** The root and the children of all ancestors of a page, without the page itself. */
function knownBefore(index: number, pages: number, linksPerPage: number): number[] {
  const known = new Set<number>([ROOT]);
  let ancestor = parentOf(index, linksPerPage);
  for (;;) {
    const first = ancestor === ROOT ? 0 : linksPerPage * ancestor + 1;
    for (let k = 0; k < linksPerPage && first + k < pages; k++) known.add(first + k);
    if (ancestor === ROOT) break;
    ancestor = parentOf(ancestor, linksPerPage);
  }
  known.delete(index);
  return [...known];
}

function parentOf(index: number, linksPerPage: number): number {
  return index < linksPerPage ? ROOT : Math.floor((index - 1) / linksPerPage);
}

/** The number of links from the root to this page: 0 for the root, 1 for the first pages. */
export function depthOf(index: number, linksPerPage: number): number {
  let depth = 0;
  for (let page = index; page !== ROOT; page = parentOf(page, linksPerPage)) depth++;
  return depth;
}

/** The path of a page: / for ROOT, /p/12 for 12. */
export function pathOf(index: number): string {
  return index === ROOT ? '/' : `/p/${index}`;
}

/** The number of the page /p/12 (with any query), ROOT for /. Null if there is no such page. */
export function pageAt(target: string, pages: number): number | null {
  const path = target.split('?', 1)[0] ?? '';
  if (path === '/') return ROOT;
  const digits = path.startsWith('/p/') ? path.slice(3) : '';
  const index = /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : pages;
  return index < pages ? index : null;
}

const PARAGRAPH = `<p class="text">A crawler asks for pages one after the other &amp; follows what they link to; <em>this</em> one
is as long as pages are, so that reading it costs what reading costs. It has <b>some</b> markup, <span>no scripts</span>.</p>
`;
const END = '</main>\n</body></html>\n';

/**
 * A function that gives the HTML of a page. The text below the links is the same on all pages and is made
 * once.
 */
export function pageWriter(shape: PageShape): (index: number) => string {
  const filler = PARAGRAPH.repeat(Math.ceil(shape.bytes / PARAGRAPH.length));
  return (index) => {
    let head = `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Page ${index}</title></head>\n<body><h1>Page ${index}</h1>\n<ul>\n`;
    for (const link of linksOf(index, shape))
      head += `<li><a href="${pathOf(link)}" class="link">Page ${link}</a></li>\n`;
    head += '</ul>\n<main>\n';
    const room = Math.max(0, shape.bytes - head.length - END.length);
    // A paragraph cut in the middle could be malformed HTML, so take whole paragraphs and fill up with
    // blanks.
    const whole = room - (room % PARAGRAPH.length);
    return head + filler.slice(0, whole) + ' '.repeat(room - whole) + END;
  };
}
