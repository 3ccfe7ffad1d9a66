// Behaviours of the test site other than serving its pages: it fails, is slow, redirects or resets
// connections. A behaviour is set for a path, a prefix or a host.

export interface Behaviour {
  /** The status of the answer. Default: 200. */
  status?: number;
  headers?: Record<string, string>;
  /** The body, instead of the page. For a status other than 200, the default is a line with the status. */
  body?: string;
  /** Time before the answer, in addition to the site's latency. */
  delayMs?: number;
  /**
   * The number of requests for each path that have this behaviour; later ones get the usual page. Default:
   * all.
   */
  failTimes?: number;
  /**
   * Only every nth request under this key has this behaviour. The others get their page after the same
   * `delayMs`.
   */
  every?: number;
  /** The header Retry-After: seconds or an HTTP date. */
  retryAfter?: number | string;
  /** Whether to close the connection instead of answering. */
  reset?: boolean;
}

/**
 * Behaviours by path: '/p/7', '/p/*' (all paths with this beginning), or one of these at a single host, such
 * as '//127.0.0.2/p/*' (the Host header without its port). A key with a host wins over one without, then the
 * longest key.
 */
export type Behaviours = Record<string, Behaviour>;

interface Rule {
  behaviour: Behaviour;
  /** The number of requests that had this behaviour, by path. */
  times: Map<string, number>;
  /** The number of requests that came under this key. */
  came: number;
}

export interface Rules {
  /** Sets the behaviour for a key from now on; null for the usual pages. */
  set(key: string, behaviour: Behaviour | null): void;
  /** The behaviour for a request, which counts towards `failTimes`. Null for the usual page. */
  take(host: string, path: string): Behaviour | null;
}

/** The rules of a site that has these behaviours. */
export function rulesOf(behaviours: Behaviours): Rules {
  const rules = new Map<string, Rule>();
  const set = (key: string, behaviour: Behaviour | null) => {
    if (behaviour) rules.set(key, { behaviour, times: new Map(), came: 0 });
    else rules.delete(key);
  };
  for (const [key, behaviour] of Object.entries(behaviours)) set(key, behaviour);

  const mostExact = (path: string): Rule | undefined => {
    const prefixes = [...rules.keys()].filter(
      (key) => key.endsWith('*') && path.startsWith(key.slice(0, -1)),
    );
    return rules.get(path) ?? rules.get(prefixes.sort((a, b) => b.length - a.length)[0] ?? '');
  };
  return {
    set,
    take(host, path) {
      if (rules.size === 0) return null;
      const rule = mostExact(`//${host.replace(/:\d+$/, '')}${path}`) ?? mostExact(path);
      if (!rule) return null;
      const { every = 1, delayMs } = rule.behaviour;
      if (++rule.came % every !== 0) return delayMs === undefined ? null : { delayMs };
      const times = (rule.times.get(path) ?? 0) + 1;
      rule.times.set(path, times);
      return times <= (rule.behaviour.failTimes ?? Number.POSITIVE_INFINITY) ? rule.behaviour : null;
    },
  };
}
