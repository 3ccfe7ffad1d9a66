// A site of any size, made up by arithmetic, in a process of its own. It keeps one bit for each page that it
// has served, so that a benchmark can tell whether all were fetched.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { rulesOf } from '../../test/support/site/behaviours.ts';
import { type PageShape, pageAt, ROOT } from '../../test/support/site/pages.ts';
import { listen } from '../../test/support/site/server.ts';

/** What a site has served. */
export interface ServedPages {
  /** The number of pages that were served at least once. */
  different: number;
  /** The number of pages served. */
  all: number;
  /** From the first request for a page to the end of the last. */
  seconds: number;
}

export interface GrowthSite {
  readonly url: string;
  readonly pid: number;
  served(): Promise<ServedPages>;
  stop(): Promise<void>;
}

/** Starts the site, which ends with stop() or with this process. Throws an Error if it does not start. */
export async function startGrowthSite(shape: PageShape): Promise<GrowthSite> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(shape)], { execArgv: [] });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof first?.port !== 'number') throw new Error('the site did not start; see its error above');
  return {
    url: `http://127.0.0.1:${first.port}`,
    pid: child.pid ?? 0,
    async served() {
      child.send('served');
      const [answer] = await once(child, 'message');
      return answer as ServedPages;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Counts the requests for the pages of a site, each of which answers with 200. */
export function pageCounter(pages: number): {
  count(request: { path: string; status: number; start: number; end: number }): void;
  served(): ServedPages;
} {
  // The root is the first bit.
  const bits = new Uint8Array(Math.ceil((pages + 1) / 8));
  const served: ServedPages = { different: 0, all: 0, seconds: 0 };
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  return {
    count({ path, status, start, end }) {
      const page = status === 200 ? pageAt(path, pages) : null;
      if (page === null) return;
      const bit = page - ROOT;
      const [at, mask] = [bit >> 3, 1 << (bit & 7)];
      if (((bits[at] ?? 0) & mask) === 0) served.different++;
      bits[at] = (bits[at] ?? 0) | mask;
      served.all++;
      [from, to] = [Math.min(from, start), Math.max(to, end)];
    },
    served: () => ({ ...served, seconds: served.all > 0 ? (to - from) / 1000 : 0 }),
  };
}

if (import.meta.main) {
  const shape = JSON.parse(process.argv[2] ?? '{}') as PageShape;
  const counter = pageCounter(shape.pages);
  const settings = { ...shape, latencyMs: 0, robots: null, rules: rulesOf({}), punctual: false };
  const port = await listen(settings, ['127.0.0.1'], 0, counter.count);
  process.on('message', () => process.send?.(counter.served()));
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}
