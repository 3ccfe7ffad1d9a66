// A site with every kind of answer that an archive must hold, and a second host with what its pages show.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';

export interface ArchivedSite {
  url: string;
  /** The other host: http://localhost:PORT/ */
  other: string;
  /** Every request so far, in both hosts: `GET HOST PATH`. */
  requests: string[];
  close(): void;
}

const type = (name: string, more: Record<string, string> = {}) => ({ 'content-type': name, ...more });
const page = (title: string, body: string, head = '') =>
  `<!doctype html><html><head><meta charset=utf-8><title>${title}</title>${head}</head><body>${body}</body></html>`;
/** A picture of 3 × 2 pixels. */
export const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"><rect width="3" height="2" fill="red"/></svg>';
/** What the large body repeats. */
const MEGABYTE = Buffer.alloc(1024 * 1024, 'drover ');

/** Paths that the first page links to, each with its answer. */
export const linked: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {
  '/gzip': (response) =>
    response
      .writeHead(200, type('text/html', { 'content-encoding': 'gzip' }))
      .end(zlib.gzipSync(page('gzip', 'g'))),
  '/br': (response) =>
    response
      .writeHead(200, type('text/html', { 'content-encoding': 'br' }))
      .end(zlib.brotliCompressSync(page('br', 'b'))),
  '/zstd': (response) =>
    response
      .writeHead(200, type('text/html', { 'content-encoding': 'zstd' }))
      .end(zlib.zstdCompressSync(page('zstd', 'z'))),
  '/chunked': (response) => {
    response.writeHead(200, type('text/html')).write(page('chunked', 'first '));
    setTimeout(() => response.end('second'), 20);
  },
  '/length': (response) => {
    const body = page('length', 'é');
    response
      .writeHead(200, type('text/html', { 'content-length': String(Buffer.byteLength(body)) }))
      .end(body);
  },
  '/empty': (response) => response.writeHead(204).end(),
  '/unchanged': (response) => response.writeHead(304, { etag: '"1"' }).end(),
  '/moved': (response) => response.writeHead(301, type('text/html', { location: '/moved/2' })).end('moved'),
  '/gone': (response) => response.writeHead(404, type('text/html')).end(page('gone', 'gone')),
  '/forbidden': (response) => response.writeHead(403, type('text/plain')).end('forbidden'),
  '/same/1': (response) => response.writeHead(200, type('text/html')).end(page('same', 'the same')),
  '/same/2': (response) => response.writeHead(200, type('text/html')).end(page('same', 'the same')),
  '/latin': (response) =>
    response.writeHead(200, type('text/html', { 'x-name': 'Ã©'.slice(0, 1) })).end(page('latin', 'l')),
  '/large': (response) => sendLarge(response, 1024),
};

/** A gigabyte, as fast as it is read. */
function sendLarge(response: ServerResponse, megabytes: number): void {
  response.on('error', () => undefined).writeHead(200, type('text/plain'));
  let left = megabytes;
  const more = () => {
    while (left-- > 0) if (!response.write(MEGABYTE)) return response.once('drain', more);
    return response.end();
  };
  more();
}

/** Starts both hosts. `links`: the paths that the first page links to, in place of all in `linked`. */
export async function startArchivedSite(
  links: readonly string[] = Object.keys(linked),
): Promise<ArchivedSite> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const host = request.headers.host ?? '';
    requests.push(`${request.method} ${host} ${path}`);
    if (Object.hasOwn(linked, path)) return linked[path]?.(response, request);
    const answer = more(`http://localhost:${port}`, links)[path];
    if (!answer) return response.writeHead(404, type('text/plain')).end('nothing');
    return response.writeHead(200, type(answer[0])).end(answer[1]);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/`, other: `http://localhost:${port}/`, requests },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** By path: the type and the body. */
function more(other: string, links: readonly string[]): Record<string, [type: string, body: string]> {
  const anchors = links.map((path) => `<a href="${path}">${path}</a>`).join(' ');
  const shown = '<img id=own src=/picture.svg><img id=far src="OTHER/far.svg?v=1"><p id=styled>styled</p>';
  const head =
    '<link rel=stylesheet href=/css/main.css><script src=/code.js></script><style>@import "/css/inline.css";</style>';
  return {
    '/': ['text/html', page('Home', `${anchors} <a href=/shown>shown</a>`)],
    '/shown': ['text/html', page('Shown', shown.replace('OTHER', other), head)],
    '/moved/2': ['text/html', page('Moved', 'here')],
    '/robots.txt': ['text/plain', 'User-agent: *\nDisallow: /private\n'],
    '/picture.svg': ['image/svg+xml', PICTURE],
    '/far.svg?v=1': ['image/svg+xml', `${PICTURE}<!-- far -->`],
    '/css/main.css': ['text/css', '@import url("deep.css"); #styled { color: rgb(1, 2, 3) }'],
    '/css/deep.css': ['text/css', '#styled { background: url(../background.svg) }'],
    '/css/inline.css': ['text/css', 'p { margin: 7px }'],
    '/background.svg': ['image/svg+xml', `${PICTURE}<!-- background -->`],
    '/code.js': ['text/javascript', 'document.documentElement.dataset.ran = "yes";'],
  };
}
