// A site for comparing runs: its pages are a tree of links, and its state at each run is planted.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChangingSite {
  url: string;
  /** The site as it is at this run, counted from 1. */
  show(run: 1 | 2 | 3): void;
  /** What comparing run 3 with run 2 must find: the paths of each kind. */
  planted: Record<'new' | 'changed' | 'gone' | 'back', string[]>;
  close(): void;
}

const PLANTED = 5;

/**
 * `size`: pages at /p/0, /p/1 and so on, of which each leads to two others. At run 2, five of them are
 * missing, which come back at run 3. At run 3, five others are 404, ten have changed, and five of these lead
 * to new pages.
 */
export async function startChangingSite(size: number): Promise<ChangingSite> {
  let run = 1;
  // The leaves of the tree, so that all others are still found when these are missing.
  const leaf = (number: number) => size - 1 - number;
  const back = range(0).map(leaf);
  const gone = range(1).map(leaf);
  const changed = [...range(2), ...range(3)].map(leaf);
  const leading = changed.slice(0, PLANTED);
  const fresh = leading.map((page) => `/new/${page}`);

  const pageAt = (path: string): string | null => {
    const [, number = ''] = /^\/p\/(\d+)$/.exec(path) ?? [];
    if (fresh.includes(path)) return run === 3 ? html(path, 'This page is new.', []) : null;
    const page = Number(number);
    if (number === '' || page >= size) return null;
    if ((run === 2 && back.includes(page)) || (run === 3 && gone.includes(page))) return null;
    const isOther = run === 3 && changed.includes(page);
    const children = [2 * page + 1, 2 * page + 2]
      .filter((child) => child < size)
      .map((child) => `/p/${child}`);
    const links = isOther && leading.includes(page) ? [...children, `/new/${page}`] : children;
    return html(path, isOther ? `The price is now ${page + 7} euros.` : `The price is ${page} euros.`, links);
  };
  const server = http.createServer((request, response) => {
    const body = request.url === '/robots.txt' ? '' : pageAt(request.url ?? '');
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(body ?? '<title>Not here</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const urls = (pages: readonly number[]) => pages.map((page) => `${url}/p/${page}`).sort();
  return {
    url,
    show: (next) => {
      run = next;
    },
    planted: {
      ...{ new: fresh.map((path) => `${url}${path}`).sort(), changed: urls(changed) },
      ...{ gone: urls(gone), back: urls(back) },
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const range = (block: number) => Array.from({ length: PLANTED }, (_, index) => block * PLANTED + index);

function html(path: string, price: string, links: readonly string[]): string {
  const words = `The page at ${path} has some lines of its own.`;
  const list = links.map((link) => `<li><a href="${link}">${link}</a></li>`).join('');
  return `<!doctype html><html><head><title>Page ${path}</title></head><body><nav>Menu</nav><h1>${path}</h1><p>${words}</p><p>${price}</p><p>It ends here.</p><ul>${list}</ul><footer>Imprint</footer></body></html>`;
}
