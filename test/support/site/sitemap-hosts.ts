// Hosts with sitemaps of the test's own making, and crawls of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { readCounts } from '../../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../../src/record.ts';
import { type CommandRunner, recordsOf } from '../crawls.ts';
import type { Fleets } from '../fleets.ts';

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

interface Hosts {
  port: number;
  /** All requests so far: `host/path?query`, without the port. */
  asked: string[];
  times(name: string): number;
}

/**
 * Answers by `host/path?query`; a page without links where there is none, 404 for robots.txt and sitemap.xml.
 */
export async function startHosts(
  t: TestContext,
  answerOf: (name: string, port: number, times: number) => Answer | undefined,
): Promise<Hosts> {
  const asked: string[] = [];
  const times = (name: string) => asked.filter((other) => other === name).length;
  const server = createServer(({ url: target = '/', headers: { host = '' } }, response) => {
    const name = `${host.replace(/:\d+$/, '')}${target}`;
    asked.push(name);
    const { port } = server.address() as AddressInfo;
    const isGuess = target === '/robots.txt' || target === '/sitemap.xml';
    const answer = answerOf(name, port, times(name)) ?? (isGuess ? { status: 404 } : {});
    const { status = 200, headers = {}, body = '<title>page</title>' } = answer;
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, asked, times };
}

export const found = (body: string | Uint8Array): Answer => ({ body });
export const redirect = (location: string): Answer => ({ status: 301, headers: { location } });
export const urlset = (urls: readonly string[]) =>
  found(`<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('\n')}</urlset>`);
export const indexOf = (urls: readonly string[]) =>
  found(
    `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('\n')}</sitemapindex>`,
  );
export const robots = (sitemaps: readonly string[]) =>
  found(sitemaps.map((url) => `Sitemap: ${url}\n`).join(''));

interface SitemapFleet {
  runner: CommandRunner;
  namespace: string;
  counts(crawl?: string): Promise<CrawlCounts>;
  /** Runs a crawl to its end and gives its records by `host/path?query`. */
  crawl(args: readonly string[], name?: string): Promise<Map<string, CrawlRecord>>;
}

/** Commands of one fleet of the test's own; any host of the test may be fetched. */
export async function openSitemapFleet(
  fleets: Fleets,
  environment: Record<string, string> = {},
): Promise<SitemapFleet> {
  const opened = await fleets.open({
    DROVER_ALLOW_PRIVATE: '127.0.0.0/8',
    ...{ DROVER_PER_HOST: '10', DROVER_ADAPTIVE: '0' },
    ...environment,
  });
  const { runner } = opened;
  return {
    runner,
    namespace: opened.namespace,
    counts: (crawl = 'c') => readCounts(opened.fleet, crawl),
    async crawl(args, name = 'c') {
      const out = runner.path(`${name}.jsonl`);
      const { code, stderr } = await runner.run(['crawl', ...args, '--crawl', name, '-o', out, '--quiet']);
      assert.equal(code, 0, stderr);
      const records = await recordsOf(out);
      const byName = new Map(records.map((record) => [nameOf(record.url), record]));
      assert.equal(byName.size, records.length, 'each request once');
      return byName;
    },
  };
}

/** `host/path?query`. */
const nameOf = (url: string) => url.replace(/^https?:\/\/([^/:]+)(:\d+)?/, '$1');

export async function warningsIn(runner: CommandRunner): Promise<string[]> {
  const log = await readFile(join(runner.dir, 'data', 'drover.log'), 'utf8');
  const lines = log.split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ msg, warning }) => (msg === 'sitemap' ? [warning] : []));
}
