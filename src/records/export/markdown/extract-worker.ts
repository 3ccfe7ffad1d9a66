// The thread that finds the main content of pages. It may be ended at any moment: pages exist for which the
// work does not end.
import { parentPort } from 'node:worker_threads';
import { Defuddle } from 'defuddle/node';
import { parseHTML } from 'linkedom';
import { detect } from 'tinyld';
import { readPlain } from './plain.ts';

export interface ExtractTask {
  readonly number: number;
  readonly html: string;
  readonly url: string;
  /** Why only the plain text is wanted; null for the main content. */
  readonly plain: string | null;
}

export interface ExtractedPage {
  readonly markdown: string;
  readonly title: string | null;
  /** When it was published, as the page says. */
  readonly published: string | null;
  readonly language: string | null;
  readonly canonical: string | null;
  /** Why the Markdown is plain text; null when it is the main content. */
  readonly plain: string | null;
}

/** Deeper trees overflow the stack of what walks them. Browsers stop at 512 levels. */
const DEEPEST = 512;
/** Characters that are enough to tell a language by, and letters that are needed for it. */
const ENOUGH_TO_TELL = 5000;
const LEAST_TO_TELL = 60;

export default async function extract({ number, html, url, plain }: ExtractTask): Promise<ExtractedPage> {
  parentPort?.postMessage({ started: number });
  const page = readPlain(html, url);
  const { text, canonical } = page;
  const asPlain = (why: string): ExtractedPage => ({
    ...{ markdown: escaped(text), title: null, published: null, canonical, plain: why },
    language: languageOf(text, page.language),
  });
  if (plain !== null) return asPlain(plain);
  if (text === '') return { ...asPlain(''), plain: null };
  if (page.depth > DEEPEST) return asPlain(`its elements are nested ${page.depth} deep`);
  try {
    const { document } = parseHTML(withBody(html));
    // Nothing is fetched: some of its extractors would ask other sites.
    const offline = { useAsync: false, fetch: () => Promise.reject(new Error('offline')) };
    const found = await Defuddle(document as never, url, { ...offline, markdown: true });
    const markdown = found.content.trim();
    if (markdown === '' && text !== '') return asPlain('no main content was found');
    return {
      ...{ markdown, title: found.title || null, published: found.published || null, canonical, plain: null },
      language: languageOf(markdown.replace(/\]\([^)]*\)/g, ']') || text, page.language),
    };
  } catch (error) {
    return asPlain(`the extraction failed: ${(error as Error).name}`);
  }
}

/** What may stand in the head: comments, tags without content, and elements whose content is no element. */
const headPart =
  /^(?:\s+|<!doctype[^>]*>|<!--[\s\S]*?-->|<\/?(?:html|head)(?:\s[^>]*)?>|<(?:meta|link|base)\b[^>]*>|<(title|style|script)\b[^>]*>[\s\S]*?<\/\1\s*>)*/i;

/**
 * The page with the tags of html, head and body, which authors may leave out (HTML §13.1.2.4): linkedom does
 * not make these elements itself.
 */
function withBody(html: string): string {
  if (/<body[\s>/]/i.test(html)) return html;
  const head = headPart.exec(html)?.[0] ?? '';
  const inner = head.replace(/<!doctype[^>]*>|<\/?(?:html|head)(?:\s[^>]*)?>/gi, '');
  return `<html><head>${inner}</head><body>${html.slice(head.length)}</body></html>`;
}

/** Plain text that no reader of Markdown takes for headings, lists, code or HTML. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<]/g, '\\$&')
    .replace(/^(\s*)([#>+-]|\d+(?=[.)]))/gm, (_, blank: string, mark: string) =>
      /\d/.test(mark) ? `${blank}${mark}\\` : `${blank}\\${mark}`,
    );
}

/**
 * The language that the text is in. What the page declares is more exact (en-GB) and counts when it agrees,
 * or when the text does not tell.
 */
function languageOf(text: string, declared: string | null): string | null {
  const letters = text.slice(0, ENOUGH_TO_TELL);
  const tells = (letters.match(/\p{L}/gu)?.length ?? 0) >= LEAST_TO_TELL;
  const detected = tells ? detect(letters) : '';
  const primary = declared?.split('-', 1)[0]?.toLowerCase();
  return detected === '' || detected === primary ? declared : detected;
}
