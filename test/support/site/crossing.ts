// A site of many hosts whose pages lead to one another's: 127.0.0.1, 127.0.0.2 and so on, at one port.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CrossingSite {
  /** The first page, from which all others are found. */
  url: string;
  /** The URLs of all pages. */
  urls: string[];
  /** HOST/PATH of each request for a page, in their order. */
  asked: string[];
  /** Whether page `page` of host `host` (counted from 1) answers with status 500. None does at first. */
  fails: (host: number, page: number) => boolean;
  /** Stands in each page. */
  text: string;
  /** The most requests that one host had at a time. */
  mostAtOnce: number;
  close(): void;
}

/**
 * `hosts` with `pages` each. Every page leads to the next page of its host, to the same page of the next
 * host, and to a page of a third one. Every tenth page is a redirect to the next host, /moved/N there.
 */
export async function startCrossingSite(hosts: number, pages: number, latencyMs = 0): Promise<CrossingSite> {
  const asked: string[] = [];
  const atOnce = new Map<string, number>();
  const server = http.createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const urlOf = (host: number, path: string) => `http://127.0.0.${(host % hosts) + 1}:${port}${path}`;

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [, name = '', number = ''] = /^\/(p|moved)\/(\d+)$/.exec(request.url ?? '') ?? [];
    const host = Number((request.headers.host ?? '').split(/[.:]/)[3]) - 1;
    if (name === '') {
      response.writeHead(404).end();
      return;
    }
    asked.push(`${request.headers.host}${request.url}`);
    const now = (atOnce.get(request.headers.host ?? '') ?? 0) + 1;
    atOnce.set(request.headers.host ?? '', now);
    site.mostAtOnce = Math.max(site.mostAtOnce, now);
    if (latencyMs > 0) await sleep(latencyMs);
    atOnce.set(request.headers.host ?? '', (atOnce.get(request.headers.host ?? '') ?? 1) - 1);
    const page = Number(number);
    if (site.fails(host + 1, page)) {
      response.writeHead(500).end();
      return;
    }
    if (name === 'p' && page % 10 === 9) {
      response.writeHead(302, { location: urlOf(host + 1, `/moved/${page}`) }).end();
      return;
    }
    const links = [
      ...(page + 1 < pages ? [urlOf(host, `/p/${page + 1}`)] : []),
      urlOf(host + 1, `/p/${page}`),
      urlOf(host * 7 + page, `/p/${page}`),
    ];
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      `<title>${page}</title>${site.text}${links.map((link) => `<a href="${link}">x</a>`).join('')}`,
    );
  }
  const site: CrossingSite = {
    url: urlOf(0, '/p/0'),
    urls: Array.from({ length: hosts * pages }, (_, at) => urlOf(at % hosts, `/p/${Math.floor(at / hosts)}`)),
    asked,
    fails: () => false,
    text: '',
    mostAtOnce: 0,
    close: () => void server.close().closeAllConnections(),
  };
  return site;
}
