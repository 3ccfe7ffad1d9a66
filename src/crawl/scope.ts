// Which links a crawl follows: depth, host strategy, include and exclude.
import type { CrawlSettings } from '../config/settings.ts';
import { type Failure, failure } from '../errors.ts';
import { hostnameOf, limiterKeyOf, originOf, registrableDomain } from '../url/host.ts';
import { badPortOf } from '../url/ports.ts';
import { compileUrlPattern } from '../url/url-pattern.ts';

export interface Scope {
  /**
   * Returns why the link is not followed; null if it is. `from` is the page with the link, null for a seed,
   * for which only the depth counts. Both URLs are normalised.
   */
  refuses(link: string, from: string | null, depth: number): Failure | null;
  /** Why something that a page needs to be shown is not fetched: --exclude and --allow-port alone decide. */
  refusesRequisite(url: string): Failure | null;
  /**
   * Whether the link is to be checked and not followed (--check-external): it leads out of --scope, and no
   * pattern of --exclude takes it out.
   */
  checks(link: string, from: string): boolean;
  /** Whether --scope alone lets the link be followed. */
  isWithin(link: string, from: string): boolean;
}

/**
 * Makes the scope of a crawl. `scope` says which links may be followed: `host` those with the same host name
 * and port, http or https; `origin` those with the same scheme too; `domain` those with the same registrable
 * domain; `any` all. A link that matches a pattern of `exclude` is not followed; if there are patterns of
 * `include`, a link must match one of them.
 *
 * Throws E_SETTING for a malformed pattern. The failures are E_DEPTH, E_SCOPE and E_PORT; the usual ones are
 * made once, because every link is checked.
 */
export function createScope(
  settings: Pick<CrawlSettings, 'scope' | 'include' | 'exclude' | 'depth' | 'allowPort' | 'checkExternal'>,
): Scope {
  const maxDepth = settings.depth ?? Number.POSITIVE_INFINITY;
  const tooDeep = failure('E_DEPTH', `The limit is ${settings.depth}.`);
  const isWithin = strategies[settings.scope]();
  const isElsewhere = failure(
    'E_SCOPE',
    `Its ${settings.scope} differs from that of the page with the link (--scope).`,
  );
  const excluded = settings.exclude.map((pattern) => ({
    matches: compileUrlPattern(pattern, '--exclude'),
    refusal: failure('E_SCOPE', `It matches --exclude ${pattern}.`),
  }));
  const refusesRequisite = (url: string): Failure | null => {
    const port = badPortOf(url, settings.allowPort);
    if (port !== null) return failure('E_PORT', `Port ${port}.`);
    return excluded.find(({ matches }) => matches(url))?.refusal ?? null;
  };
  const included = settings.include.map((pattern) => compileUrlPattern(pattern, '--include'));
  const isNotIncluded = failure('E_SCOPE', 'It matches no --include.');
  return {
    isWithin,
    refusesRequisite,
    checks(link, from) {
      if (!settings.checkExternal || isWithin(link, from)) return false;
      return badPortOf(link, settings.allowPort) === null && !excluded.some(({ matches }) => matches(link));
    },
    refuses(link, from, depth) {
      if (depth > maxDepth) return tooDeep;
      if (from === null) return null;
      if (!isWithin(link, from)) return isElsewhere;
      const refusal = refusesRequisite(link);
      if (refusal !== null) return refusal;
      return included.length === 0 || included.some((matches) => matches(link)) ? null : isNotIncluded;
    },
  };
}

type Strategy = (link: string, from: string) => boolean;

const strategies: Record<CrawlSettings['scope'], () => Strategy> = {
  host: () => sameAsPage(limiterKeyOf),
  origin: () => sameAsPage(originOf),
  domain: () => sameAsPage((url) => registrableDomain(hostnameOf(url))),
  any: () => () => true,
};

/** The links of one page come one after the other, so the page's part is computed once. */
function sameAsPage(partOf: (url: string) => string): Strategy {
  let page = '';
  let part = '';
  return (link, from) => {
    if (from !== page) {
      page = from;
      part = partOf(from);
    }
    return partOf(link) === part;
  };
}
