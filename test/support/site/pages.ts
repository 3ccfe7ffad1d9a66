// The pages of the test site: which page links to which, and its HTML. Pure, so that a test can compute what a crawl must find.

export interface PageShape {
  /** Number of pages, /p/0 to /p/(pages - 1), besides the root /. */
  pages: number;
  /** Links on every page; 0 makes a flat site, whose pages no link leads to. */
  linksPerPage: number;
  /** Length of a page's HTML; longer if the links alone need more. */
  bytes: number;
}

export const ROOT = -1;

/**
 * The pages that page `index` links to (ROOT is /). The root links to the first L pages, page i to its children Li+1 … Li+L. What is left
 * is filled with links back to pages that an ancestor links to as well: they are known before page `index` is, so every page has one depth
 * only, in whatever order a crawl goes. A site with too few pages for L different links repeats some.
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

/** The root, and what the ancestors of a page link to downward, itself left out. */
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

/** Links to follow from the root to this page: 0 for the root, 1 for the first pages. */
export function depthOf(index: number, linksPerPage: number): number {
  let depth = 0;
  for (let page = index; page !== ROOT; page = parentOf(page, linksPerPage)) depth++;
  return depth;
}

export function pathOf(index: number): string {
  return index === ROOT ? '/' : `/p/${index}`;
}

/** The number in /p/12 (with any query), ROOT for /; null if there is no such page. */
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

/** A function from page number to HTML. The text below the links is the same on all pages, and made once. */
export function pageWriter(shape: PageShape): (index: number) => string {
  const filler = PARAGRAPH.repeat(Math.ceil(shape.bytes / PARAGRAPH.length));
  return (index) => {
    let head = `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Page ${index}</title></head>\n<body><h1>Page ${index}</h1>\n<ul>\n`;
    for (const link of linksOf(index, shape))
      head += `<li><a href="${pathOf(link)}" class="link">Page ${link}</a></li>\n`;
    head += '</ul>\n<main>\n';
    const room = Math.max(0, shape.bytes - head.length - END.length);
    // A text cut in the middle would be malformed now and then: whole paragraphs, then blanks.
    const whole = room - (room % PARAGRAPH.length);
    return head + filler.slice(0, whole) + ' '.repeat(room - whole) + END;
  };
}
