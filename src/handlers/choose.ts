// Which handler accepts a page: the first of them that matches its label, URL and content type.
import { isInMediaRange, readMediaRange } from '../fetch/body/media-range.ts';
import type { Request } from '../request.ts';
import { compileUrlPattern } from '../url/url-pattern.ts';
import type { Handler } from './define.ts';

/** What decides. `type` is the Content-Type header as it came; empty if there was none. */
export interface Matched {
  readonly label: string | null;
  readonly url: string;
  readonly type: string;
}

export interface HandlerChoice {
  readonly handlers: readonly Handler[];
  /** Null when no handler accepts the page. */
  choose(page: Matched): Handler | null;
  /** Whether any handler has a `before`. */
  readonly hasBefore: boolean;
  /** The handlers with a `before` for a request, in their order. Its type is not known yet. */
  before(request: Omit<Matched, 'type'>): Handler[];
}

/** The handlers have been checked (checkHandler). */
export function createHandlerChoice(handlers: readonly Handler[]): HandlerChoice {
  const tests = handlers.map((handler) => ({ handler, accepts: testOf(handler) }));
  return {
    handlers,
    choose: (page) => tests.find(({ accepts }) => accepts(page))?.handler ?? null,
    hasBefore: handlers.some(({ before }) => before !== undefined),
    before: (request) =>
      tests
        .filter(({ handler, accepts }) => handler.before !== undefined && accepts({ ...request, type: null }))
        .map(({ handler }) => handler),
  };
}

/** A type of null matches any. */
function testOf({
  name,
  match = {},
}: Handler): (page: Omit<Matched, 'type'> & { type: string | null }) => boolean {
  const labels = listOf(match.label);
  const patterns = listOf(match.url).map((url) => compileUrlPattern(url, `match.url of handler ${name}`));
  const types = listOf(match.type)
    .map(readMediaRange)
    .filter((range) => range !== null);
  return ({ label, url, type }) =>
    (labels.length === 0 || (label !== null && labels.includes(label))) &&
    (type === null || types.length === 0 || isInMediaRange(type, types)) &&
    (patterns.length === 0 || patterns.some((matches) => matches(url)));
}

function listOf(given: string | readonly string[] | undefined): readonly string[] {
  return given === undefined ? [] : [given].flat();
}

/** The handler for a page with this Content-Type. Sitemaps, parts of pages and links to check have none. */
export function chooseHandler(
  handlers: HandlerChoice,
  { url, extras }: Request,
  type: string | undefined,
): Handler | null {
  const { sitemap, requisite, checkOnly, label = null } = extras ?? {};
  if (sitemap !== undefined || requisite !== undefined || checkOnly) return null;
  return handlers.choose({ label, url, type: type ?? '' });
}
