// A site of several hosts that link to one another, for crawls whose processes are killed: some pages fail
// once, some for good, some lead to another host, some are forbidden. It knows how each URL must end, and
// notes when each was answered.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './random.ts';

/**
 * page: 200 with links. busy: 503 for the first request, then as page. moved: a redirect to another host,
 * whose answer has the links. missing: 404. gone: 410, to be used with --dead-on 410. down: always 503.
 * forbidden: robots.txt says no.
 */
type PageKind = 'page' | 'busy' | 'moved' | 'missing' | 'gone' | 'down' | 'forbidden';

export interface WovenOptions {
  pages: number;
  /** Those that a producer has to offer, of `pages`. The others are found by links. */
  listed: number;
  hosts: number;
  /** Links lead on from one of so many pages that were found last: with a few, little waits at a time. */
  width: number;
  latencyMs: readonly [least: number, most: number];
}

interface Page {
  kind: PageKind;
  url: string;
  links: number[];
}

export interface WovenSite {
  /** What a producer has to offer. */
  list: string[];
  /** How each URL must end. */
  recorded: Set<string>;
  dead: Set<string>;
  refused: Set<string>;
  /** Each answer that was given to a URL, by its time (performance.now()), without those of robots.txt. */
  answers: Map<string, { at: number; status: number }[]>;
  /** How many answers were given that a crawl without kills would not have asked for. */
  again(): number;
  /** The first of `recorded` that had no last answer at that time. */
  unansweredAt(at: number): string[];
  stop(): Promise<void>;
}

const kinds = [
  { what: 'page', weight: 84 },
  { what: 'busy', weight: 4 },
  { what: 'moved', weight: 5 },
  { what: 'missing', weight: 3 },
  { what: 'gone', weight: 2 },
  { what: 'down', weight: 0.5 },
  { what: 'forbidden', weight: 1.5 },
] as const;
const linking: readonly PageKind[] = ['page', 'busy', 'moved'];
/** What a crawl that nobody disturbs asks for each; `down` depends on --attempts. */
const asks = { page: 1, busy: 2, moved: 1, missing: 1, gone: 1, down: 4, forbidden: 0 } as const;

/** Starts it in this process, at one free port of 127.0.0.1 and the following addresses. */
export async function startWovenSite(chance: Chance, options: WovenOptions): Promise<WovenSite> {
  const { listed, hosts, latencyMs } = options;
  const addresses = Array.from({ length: hosts }, (_, host) => `127.0.0.${host + 1}`);
  const answers: WovenSite['answers'] = new Map();
  let pages: Page[] = [];
  const byPath = new Map<string, Page>();

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = `http://${request.headers.host}${request.url}`;
    response.on('error', () => undefined);
    if (request.url === '/robots.txt') return void response.end('User-agent: *\nDisallow: /no/\n');
    await sleep(latencyMs[0] + Math.random() * (latencyMs[1] - latencyMs[0]));
    const page = byPath.get((request.url ?? '').replace(/^\/to\//, '/p/'));
    const status = page ? statusOf(page, request.url ?? '', answers.get(url)?.length ?? 0) : 404;
    const known = answers.get(url) ?? [];
    answers.set(url, [...known, { at: performance.now(), status }]);
    if (!page || status !== 200) {
      const to = page?.kind === 'moved' ? { location: targetOf(page, addresses) } : {};
      return void response.writeHead(status, { 'content-type': 'text/plain', ...to }).end(`${status}\n`);
    }
    const links = page.links.map((link) => `<a href="${pages[link]?.url}">${link}</a>`).join('\n');
    const html = `<!doctype html><title>${request.url}</title><p>${'text '.repeat(100)}${links}`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  };
  const { port, stop } = await listen(addresses, (request, response) => void answer(request, response));
  pages = weave(chance, options).map(({ kind, links }, index) => {
    const url = `http://${addresses[chance.below(hosts)]}:${port}/${kind === 'forbidden' ? 'no' : 'p'}/${index}`;
    return { kind, links, url };
  });
  for (const page of pages) byPath.set(new URL(page.url).pathname, page);
  const urls = (...of: PageKind[]) =>
    new Set(pages.filter(({ kind }) => of.includes(kind)).map(({ url }) => url));
  const recorded = urls('page', 'busy', 'moved', 'missing');
  const answered = (page: Page) => (page.kind === 'moved' ? targetOf(page, addresses) : page.url);
  return {
    list: pages.slice(0, listed).map(({ url }) => url),
    recorded,
    dead: urls('gone', 'down'),
    refused: urls('forbidden'),
    answers,
    again: () =>
      pages.reduce(
        (sum, page) => sum + Math.max(0, (answers.get(answered(page))?.length ?? 0) - asks[page.kind]),
        0,
      ),
    unansweredAt: (at) =>
      pages
        .filter((page) => recorded.has(page.url))
        .filter(
          (page) =>
            !answers.get(answered(page))?.some((one) => one.at <= at && [200, 404].includes(one.status)),
        )
        .map(({ url }) => url),
    stop,
  };
}

function statusOf({ kind }: Page, path: string, before: number): number {
  if (kind === 'moved') return path.startsWith('/to/') ? 200 : 302;
  if (kind === 'busy') return before === 0 ? 503 : 200;
  return { page: 200, missing: 404, gone: 410, down: 503, forbidden: 200 }[kind];
}

/** The same path below /to/, at the next host. */
function targetOf({ url }: Page, addresses: readonly string[]): string {
  const { hostname, port, pathname } = new URL(url);
  const next = addresses[(addresses.indexOf(hostname) + 1) % addresses.length];
  return `http://${next}:${port}${pathname.replace('/p/', '/to/')}`;
}

/** Each page that is not listed has a link from one before it, and two that lead to any before it. */
function weave(chance: Chance, { pages, listed, width }: WovenOptions): Pick<Page, 'kind' | 'links'>[] {
  const woven: Pick<Page, 'kind' | 'links'>[] = [];
  const parents: { links: number[] }[] = [];
  for (let index = 0; index < pages; index++) {
    const kind = index === 0 ? 'page' : chance.pick<PageKind>(kinds);
    const page = { kind, links: [chance.below(index + 1), chance.below(index + 1)] };
    if (index >= listed) parents.at(-1 - chance.below(Math.min(width, parents.length)))?.links.push(index);
    if (linking.includes(kind)) parents.push(page);
    woven.push(page);
  }
  return woven;
}

async function listen(
  addresses: readonly string[],
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; stop(): Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const servers: ReturnType<typeof createServer>[] = [];
    let port = 0;
    try {
      for (const address of addresses) {
        const server = createServer({ keepAliveTimeout: 60_000 }, answer).listen(port, address);
        servers.push(server);
        await once(server, 'listening');
        port = (server.address() as AddressInfo).port;
      }
    } catch (error) {
      // A port that is free at one address may be in use at the next.
      for (const server of servers) server.close();
      if (attempt === 20) throw error;
      continue;
    }
    const stop = async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    };
    return { port, stop };
  }
}
