// A site for the report: pages that are all well, and among them planted faults of each kind. Every page is
// of its own text, has a title and a canonical URL, and is linked.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

export interface FaultySite {
  url: string;
  /** The other host: it answers HEAD with 405, and its broken pages with 404. */
  elsewhere: string;
  /** What the report must find, by kind: URLs, or the URLs of a group with blanks between. */
  planted: Record<string, string[]>;
  /** The page that links to a broken, redirecting or external URL, by that URL. */
  linker: Map<string, string>;
  /** Requests of the other host: METHOD path. */
  asked: string[];
  close(): void;
}

const certificate = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url));

interface Page {
  body?: string;
  status?: number;
  location?: string;
  waitMs?: number;
}

export const SLOW_MS = 400;
export const HEAVY_BYTES = 60_000;

/** `size`: pages without a fault. `faults`: how many of each kind. */
export async function startFaultySite(size: number, faults: number): Promise<FaultySite> {
  const pages = new Map<string, Page>();
  const asked: string[] = [];
  const site = https.createServer(
    { cert: certificate('good.pem'), key: certificate('good.pem') },
    (request, response) => {
      const page = pages.get(request.url ?? '');
      const { status = page ? 200 : 404, location, body = '<title>none</title>', waitMs = 0 } = page ?? {};
      const isXml = request.url === '/sitemap.xml';
      const type = isXml ? 'application/xml' : 'text/html; charset=utf-8';
      setTimeout(() => {
        response.writeHead(status, { 'content-type': type, ...(location ? { location } : {}) });
        response.end(request.url === '/robots.txt' ? '' : body);
      }, waitMs);
    },
  );
  const other = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const isGone = request.url?.startsWith('/gone/');
    const status = request.method === 'HEAD' ? (isGone ? 404 : 405) : isGone ? 404 : 200;
    response.writeHead(request.url === '/robots.txt' ? 404 : status, { 'content-type': 'text/html' });
    response.end('<title>there</title><a href="/further">not followed</a>');
  });
  await Promise.all([listen(site), listen(other)]);
  const url = `https://localhost:${(site.address() as AddressInfo).port}`;
  const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const made = plant({ pages, url, elsewhere, size, faults });
  return {
    ...{ url, elsewhere, asked, ...made },
    close() {
      for (const server of [site, other]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function listen(server: http.Server | https.Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

interface Ground {
  pages: Map<string, Page>;
  url: string;
  elsewhere: string;
  size: number;
  faults: number;
}

/** Sixty words of the page's own, always the same for the same number. */
function words(number: number, changed = 0): string {
  let state = number * 7919 + 13;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8).toString(36);
  };
  const all = Array.from({ length: 150 }, next);
  for (let at = 0; at < changed; at++) all[40 + at] = `changed${number}`;
  return all.join(' ');
}

function plant({ pages, url, elsewhere, size, faults }: Ground): Pick<FaultySite, 'planted' | 'linker'> {
  const planted: Record<string, string[]> = {};
  const linker = new Map<string, string>();
  const links = new Map<string, string[]>();
  let number = size;
  const html = (
    path: string,
    { title = `Page ${path}`, text = words(number++), head = '', canonical = `${url}${path}` } = {},
  ) =>
    `${title ? `<title>${title}</title>` : ''}${canonical ? `<link rel="canonical" href="${canonical}">` : ''}${head}<nav><a href="/">Home</a> <a href="/p/0">First</a></nav><p>${text}</p>`;
  const add = (kind: string, found: string) => {
    planted[kind] = [...(planted[kind] ?? []), found];
  };
  const link = (at: number, target: string) => {
    const path = `/p/${at % size}`;
    links.set(path, [...(links.get(path) ?? []), target]);
    linker.set(URL.parse(target, url)?.href ?? target, `${url}${path}`);
  };
  const page = (path: string, one: Page, at: number) => {
    pages.set(path, one);
    link(at, path);
  };
  const orphans: string[] = [];
  for (let at = 0; at < faults; at++) {
    add('brokenLinks', `${url}/broken/${at}`);
    link(at, `/broken/${at}`);
    pages.set(`/hop/${at}/a`, { status: 301, location: `/hop/${at}/b` });
    pages.set(`/hop/${at}/b`, { status: 302, location: `/p/${at % size}` });
    add('redirects', `${url}/hop/${at}/a`);
    link(at + 1, `/hop/${at}/a`);
    link(at, `${elsewhere}/fine/${at}`);
    link(at, `${elsewhere}/gone/${at}`);
    add('external', `${elsewhere}/gone/${at}`);
    page(`/slow/${at}`, { body: html(`/slow/${at}`), waitMs: SLOW_MS + 100 }, at);
    add('slow', `${url}/slow/${at}`);
    page(`/heavy/${at}`, { body: html(`/heavy/${at}`, { head: `<!--${'x'.repeat(HEAVY_BYTES)}-->` }) }, at);
    add('heavy', `${url}/heavy/${at}`);
    page(`/title/${at}/1`, { body: html(`/title/${at}/1`, { title: `Twice ${at}` }) }, at);
    page(`/title/${at}/2`, { body: html(`/title/${at}/2`, { title: `Twice ${at}` }) }, at);
    add('duplicateTitles', `${url}/title/${at}/1 ${url}/title/${at}/2`);
    page(`/untitled/${at}`, { body: html(`/untitled/${at}`, { title: '' }) }, at);
    add('missingTitles', `${url}/untitled/${at}`);
    const same = html(`/same/${at}/1`);
    for (const copy of [1, 2]) page(`/same/${at}/${copy}`, { body: same }, at);
    add('duplicates', `${url}/same/${at}/1 ${url}/same/${at}/2`);
    add('duplicateTitles', `${url}/same/${at}/1 ${url}/same/${at}/2`);
    add('otherCanonical', `${url}/same/${at}/2`);
    const own = number++;
    for (const copy of [0, 1])
      page(
        `/near/${at}/${copy}`,
        { body: html(`/near/${at}/${copy}`, { text: words(own, copy * (1 + (at % 3))) }) },
        at,
      );
    add('nearDuplicates', `${url}/near/${at}/0 ${url}/near/${at}/1`);
    page(`/bare/${at}`, { body: html(`/bare/${at}`, { canonical: '' }) }, at);
    add('missingCanonical', `${url}/bare/${at}`);
    // The page that it names as the original does not answer, or leads elsewhere.
    const [kind, original] = at % 2 === 0 ? ['brokenLinks', `/lost/${at}`] : ['redirects', `/moved/${at}/a`];
    pages.set(`/moved/${at}/a`, { status: 301, location: `/moved/${at}/b` });
    pages.set(`/moved/${at}/b`, { status: 301, location: '/p/0' });
    page(`/copy/${at}`, { body: html(`/copy/${at}`, { canonical: `${url}${original}` }) }, at);
    linker.set(`${url}${original}`, `${url}/copy/${at}`);
    add(kind, `${url}${original}`);
    add('brokenCanonical', `${url}/copy/${at}`);
    const image = `<img src="http://img.example/${at}.png"><a href="/p/1">fine</a>`;
    page(`/mixed/${at}`, { body: html(`/mixed/${at}`, { head: image }) }, at);
    add('mixedContent', `${url}/mixed/${at}`);
    orphans.push(`${url}/orphan/${at}`);
    pages.set(`/orphan/${at}`, { body: html(`/orphan/${at}`) });
    add('orphans', `${url}/orphan/${at}`);
  }
  for (let at = 0; at < size; at++) {
    const next = [`/p/${(2 * at + 1) % size}`, `/p/${(2 * at + 2) % size}`, ...(links.get(`/p/${at}`) ?? [])];
    const list = next.map((target) => `<a href="${target}">x</a>`).join('');
    pages.set(`/p/${at}`, { body: html(`/p/${at}`, { text: words(at) }) + list });
  }
  pages.set('/', { body: html('/', { text: words(1e6) }) });
  pages.set('/robots.txt', {});
  const listed = [`${url}/`, `${url}/p/1`, ...orphans].map((one) => `<url><loc>${one}</loc></url>`).join('');
  pages.set('/sitemap.xml', {
    body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${listed}</urlset>`,
  });
  planted.brokenLinks?.push(...(planted.external ?? []));
  return { planted, linker };
}
