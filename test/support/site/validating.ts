// A site whose pages have validators: it answers conditional requests as RFC 9110 says, and notes what was
// asked. A page may also answer as it likes.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface ValidatedPage {
  body?: string | Buffer;
  /** As it is sent. */
  etag?: string;
  modified?: string;
  headers?: Record<string, string>;
  /** Compressed, as a page of its own. */
  gzip?: boolean;
  /** Answers in place of all this. */
  answer?: (request: IncomingMessage) => PageAnswer;
}

export interface PageAnswer {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

export interface AskedPage {
  path: string;
  /** Of the request. */
  headers: IncomingMessage['headers'];
  status: number;
  bytes: number;
}

export interface ValidatingSite {
  url: string;
  /** By path. A page that is not there is a 404. */
  pages: Map<string, ValidatedPage>;
  asked: AskedPage[];
  /** What was asked since the last call, without robots.txt. */
  taken(): AskedPage[];
  close(): void;
}

export async function startValidatingSite(pages: Record<string, ValidatedPage>): Promise<ValidatingSite> {
  const byPath = new Map(Object.entries(pages));
  const asked: AskedPage[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const page = byPath.get(path);
    const { status, headers = {}, body = '' } = page ? answerOf(request, page) : { status: 404 };
    const bytes = status === 304 ? 0 : Buffer.byteLength(body);
    if (path !== '/robots.txt') asked.push({ path, headers: request.headers, status, bytes });
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(status === 304 ? undefined : body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: byPath,
    asked,
    taken: () => asked.splice(0),
    close: () => void server.close().closeAllConnections(),
  };
}

function answerOf(request: IncomingMessage, page: ValidatedPage): PageAnswer {
  if (page.answer) return page.answer(request);
  const { etag, modified, gzip = false, body = '' } = page;
  const headers = {
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { 'last-modified': modified }),
    ...page.headers,
  };
  if (isKnown(request.headers, page)) return { status: 304, headers };
  if (!gzip) return { status: 200, headers, body };
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) };
}

function isKnown(asked: IncomingMessage['headers'], { etag, modified }: ValidatedPage): boolean {
  const weak = (tag: string) => tag.trim().replace(/^W\//, '');
  const tags = asked['if-none-match'];
  if (tags !== undefined)
    return etag !== undefined && (tags.match(/"[^"]*"/g) ?? [tags]).includes(weak(etag));
  const since = asked['if-modified-since'];
  return since !== undefined && modified !== undefined && Date.parse(modified) <= Date.parse(since);
}
