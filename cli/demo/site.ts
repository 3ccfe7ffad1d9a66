// The bundled demonstration site: a museum on this machine that shows what a crawl meets. Some pages are
// slow, some fail at first, one asks to wait, one directory is disallowed, and one page never works.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { documentOf, pageAt, paths } from './museum.ts';

export interface DemoSite {
  /** The URL to begin with. */
  url: string;
  /** Number of URLs that a crawl finds, including those that are disallowed, missing or broken. */
  pages: number;
  close(): Promise<void>;
}

/** The port that is tried first, so that a crawl that is continued finds the same URLs. */
const PREFERRED_PORT = 8765;

/** What the first requests for a path get, one after the other. Later requests get the page. */
const atFirst: Record<string, ('error' | 'reset' | 'busy')[]> = {
  '/rooms/tools': ['error'],
  '/objects/kitchen-5': ['error'],
  '/objects/clocks-3': ['reset'],
  '/objects/travel-12': ['error', 'error'],
  '/objects/games-7': ['reset', 'reset'],
  '/objects/sound-20': ['error', 'reset'],
  '/visit/tickets': ['busy'],
};

/** Delay of these pages in milliseconds; all others take 40 to 140. */
const slow: Record<string, number> = {
  '/about': 300,
  '/objects/kitchen-16': 400,
  '/objects/clocks-24': 800,
  '/objects/writing-9': 500,
  '/objects/light-1': 600,
  '/objects/sound-31': 700,
};

const robots = 'User-agent: *\nDisallow: /archive/\n';
const redirects: Record<string, string> = { '/today': '/visit/hours' };
const brokenForEver = '/restoration';
/** Number of linked URLs that are not HTML pages: redirect, PDF, missing page. */
const OTHER_LINKS = 3;

/**
 * Serves the site on 127.0.0.1, on port 8765 if that is free. The first failures begin anew with each start.
 */
export async function startDemoSite(): Promise<DemoSite> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const earlier = asked.get(path) ?? 0;
    asked.set(path, earlier + 1);
    const answer = () => {
      const found = replyTo(path, earlier);
      if (found === null) request.socket.resetAndDestroy();
      else response.writeHead(found.status, found.headers).end(found.body);
    };
    setTimeout(answer, delayOf(path)).unref();
  });
  await listen(server, PREFERRED_PORT).catch(() => listen(server, 0));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    pages: paths.length + OTHER_LINKS,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The delay follows from the path alone, so that all runs are alike. */
function delayOf(path: string): number {
  let sum = 0;
  for (let at = 0; at < path.length; at++) sum = (sum * 31 + path.charCodeAt(at)) % 9973;
  return slow[path] ?? 40 + (sum % 101);
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** Null means that the connection is reset. */
function replyTo(path: string, earlier: number): Reply | null {
  const trouble = path === brokenForEver ? 'error' : atFirst[path]?.[earlier];
  if (trouble === 'reset') return null;
  if (trouble === 'busy') return reply(429, 'text/plain', 'One moment, please.\n', { 'retry-after': '1' });
  if (trouble === 'error') return reply(500, 'text/plain', 'The lights are out in this room.\n');
  if (path === '/robots.txt') return reply(200, 'text/plain', robots);
  if (path === '/visit/plan.pdf') return reply(200, 'application/pdf', plan);
  const location = Object.hasOwn(redirects, path) ? redirects[path] : undefined;
  return location ? reply(301, 'text/plain', `See ${location}\n`, { location }) : pageReply(path);
}

function pageReply(path: string): Reply {
  const page = pageAt(path);
  const html = 'text/html; charset=utf-8';
  if (!page) {
    const missing = { title: 'Not in the collection', body: '<p>It may be in the shed.</p>' };
    return reply(404, html, documentOf(missing));
  }
  if (path === '/visit/cafe') {
    return reply(200, 'text/html; charset=windows-1252', windows1252(documentOf(page, 'windows-1252')));
  }
  const isZipped = path === '/visit';
  return isZipped
    ? reply(200, html, gzipSync(documentOf(page)), { 'content-encoding': 'gzip' })
    : reply(200, html, documentOf(page));
}

function reply(
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Reply {
  return { status, headers: { 'content-type': type, ...headers }, body };
}

/** The characters on the page that windows-1252 encodes differently from Latin-1. */
const above1252: Record<string, number> = { '€': 0x80, '“': 0x93, '”': 0x94, '–': 0x96 };

function windows1252(text: string): Uint8Array {
  return Uint8Array.from([...text], (character) => above1252[character] ?? character.charCodeAt(0));
}

const plan = `%PDF-1.1
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF
`;
