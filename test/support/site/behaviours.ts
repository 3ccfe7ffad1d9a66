// What the test site does otherwise than serve its pages: fail, be slow, redirect, reset; for a path, a prefix, or one host.

export interface Behaviour {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  /** Instead of the page; default for another status: a line that names it. */
  body?: string;
  /** Waits so long before it answers, besides the site's own latency. */
  delayMs?: number;
  /** How many requests are answered so, for each path by itself; the page is as usual afterwards. Default: all. */
  failTimes?: number;
  /** Only each nth request under this key, whatever its path, is answered so; the others take as long and get their page. */
  every?: number;
  /** Retry-After: seconds or an HTTP date. */
  retryAfter?: number | string;
  /** Closes the connection instead of answering. */
  reset?: boolean;
}

/**
 * Which paths behave otherwise: '/p/7', '/p/*' (all that begin so), or one of these at a single host, '//127.0.0.2/p/*'
 * (the Host header without its port). A host's own comes first, then the most exact.
 */
export type Behaviours = Record<string, Behaviour>;

interface Rule {
  behaviour: Behaviour;
  /** Requests answered so, by path. */
  times: Map<string, number>;
  /** Requests that came under this key. */
  came: number;
}

export interface Rules {
  /** Another behaviour from now on; null for the usual one. */
  set(key: string, behaviour: Behaviour | null): void;
  /** How to answer this request, counted as one of `failTimes`; null for the usual page. */
  take(host: string, path: string): Behaviour | null;
}

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
