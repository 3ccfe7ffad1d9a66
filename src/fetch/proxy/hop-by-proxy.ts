// One hop through a proxy that its source chooses. While proxies fail before anything has reached the server,
// the next one is asked.
import type { ProxyAddress } from '../../config/proxy-address.ts';
import { failedHop, type HopEnd } from '../connection/hop-parts.ts';
import type { Route } from '../connection/route.ts';
import type { FetchDeadline } from '../deadline.ts';
import { type AllowList, refusedByUrl } from '../guard.ts';
import type { Target } from '../target.ts';
import { isOfProxyAlone, type ProxySource, proxyResultOf } from './source.ts';

interface ProxiedHop {
  readonly source: ProxySource;
  readonly target: Target;
  readonly allow: AllowList;
  readonly fetchDeadline: FetchDeadline;
  /** Makes the hop; null: straight to the server. */
  readonly hop: (route: Route | null) => Promise<HopEnd>;
}

/** The end of the hop, with the name of its proxy. Never straight to the server unless the source says so. */
export async function hopByProxy({ source, target, allow, fetchDeadline, hop }: ProxiedHop): Promise<HopEnd> {
  for (const tried: string[] = []; ; ) {
    const picking = source.pick(target.url, tried);
    const picked = (await fetchDeadline.pauseFor(picking)) ?? (await picking);
    if (picked.kind === 'direct') return hop(null);
    if (picked.kind === 'none') {
      const { failure, againMs } = picked;
      return againMs === null ? failedHop(failure) : { ...failedHop(failure), againMs };
    }
    const { proxy, done } = picked;
    let end: HopEnd | null = null;
    try {
      const route = await routeOf(proxy, source.isByName);
      // Who looks a name up checks its addresses. What the URL alone shows is refused here.
      const refusal = route.isByName ? refusedByUrl(target.url.href, allow) : null;
      end = refusal ? failedHop(refusal) : await hop(route);
    } finally {
      done(end ? proxyResultOf(end) : 'unknown', end?.kind === 'failed' ? end.failure : null);
    }
    if (!isOfProxyAlone(end)) return named(end, proxy.name);
    tried.push(proxy.name);
  }
}

function named(end: HopEnd, proxy: string): HopEnd {
  if (end.kind === 'failed') return { ...end, proxy };
  return end.kind === 'answer' ? { ...end, answer: { ...end.answer, proxy } } : end;
}

const routes = new WeakMap<ProxyAddress, Route>();

/** What connects through a proxy is loaded for the first one. */
async function routeOf(proxy: ProxyAddress, isByName: boolean): Promise<Route> {
  const known = routes.get(proxy);
  if (known) return known;
  const made = (await import('./route.ts')).routeOf(proxy, isByName);
  routes.set(proxy, made);
  return made;
}
