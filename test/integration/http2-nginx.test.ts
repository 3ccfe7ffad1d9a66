// HTTP/2 with a server that is none of Node's: nginx. Fetches, and crawls as a user begins them.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { faultsOf, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { openCommandRunner, recordsOf } from '../support/crawls.ts';
import { answered } from '../support/fetching.ts';
import { openFleets } from '../support/fleets.ts';
import { secondFetcher, sharing } from '../support/http2/fetching.ts';
import { type Nginx, needsNginx, startNginx } from '../support/http2/nginx.ts';
import { authorityFile } from '../support/identity/site.ts';
import { newNamespace } from '../support/producers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const fleets = openFleets();
const connectionsOf = (nginx: Nginx) => new Set(nginx.log().map(({ connection }) => connection)).size;

/** Fetches 200 pages at once, each of which takes a second or two. */
async function fetchPages(t: test.TestContext, { url }: Nginx) {
  const fetcher = secondFetcher(t);
  const began = performance.now();
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) => fetcher.fetch(sharing(`${url}/p${index}`))),
  );
  for (const [index, result] of results.entries()) {
    const { http, status, headers, body } = answered(result);
    assert.deepEqual([http, status, headers['x-page'], body.length], ['2', 200, `/p${index}`, 10_022]);
  }
  return performance.now() - began;
}

test('200 pages in flight at once come over one or two connections', needsNginx, async (t) => {
  const nginx = await startNginx(t, { rate: 5000 });
  const tookMs = await fetchPages(t, nginx);
  assert.ok(tookMs < 30_000, `they came at once, not one after the other: ${tookMs} ms`);
  const log = nginx.log();
  assert.deepEqual([log.length, new Set(log.map(({ version }) => version))], [200, new Set(['h2'])]);
  // It takes 128 streams on each.
  assert.ok(connectionsOf(nginx) <= 2, `${connectionsOf(nginx)} connections`);
});

test(
  'a GOAWAY after every 50 requests loses nothing, and nothing is processed twice',
  needsNginx,
  async (t) => {
    const nginx = await startNginx(t, { rate: 5000, keepaliveRequests: 50 });
    await fetchPages(t, nginx);
    const paths = nginx.log().map(({ path }) => path);
    assert.deepEqual([paths.length, new Set(paths).size], [200, 200]);
    assert.ok(connectionsOf(nginx) >= 4);
  },
);

/** What a record says of the page, whatever the version of HTTP. */
function pageOf(record: CrawlRecord) {
  const { url, status, ok, error, attempts, contentType, charset, bytes, sha256, title, links } = record;
  const { connection, 'keep-alive': keep, date, ...headers } = record.headers ?? {};
  const path = new URL(url).pathname;
  return {
    path,
    status,
    ok,
    error,
    attempts,
    contentType,
    charset,
    bytes,
    sha256,
    title,
    links: links?.length,
    headers,
  };
}

async function crawl(t: test.TestContext, nginx: Nginx, ...args: string[]) {
  const runner = await openCommandRunner({
    ...{ NODE_EXTRA_CA_CERTS: authorityFile, REDIS_URL: fleets.url, DROVER_NAMESPACE: newNamespace() },
  });
  const out = runner.path('out.jsonl');
  const many = [
    '--per-host',
    '200',
    '--concurrency',
    '200',
    '--processes',
    '1',
    '--allow-private',
    '127.0.0.0/8',
  ];
  const { code, stderr } = await runner.run(['crawl', `${nginx.url}/`, ...many, '-o', out, ...args]);
  assert.equal(code, 0, stderr);
  const records = await recordsOf(out);
  t.diagnostic(`${records.length} records, ${connectionsOf(nginx)} connections`);
  return records;
}

test(
  'a crawl has the same records over HTTP/2 as over HTTP/1.1, in few connections, each in one attempt',
  needsNginx,
  async (t) => {
    const [one, two] = [await startNginx(t), await startNginx(t, { keepaliveRequests: 50 })];
    const over1 = await crawl(t, one, '--http2', 'off');
    const over2 = await crawl(t, two);
    assert.equal(over2.length, 401);
    assert.deepEqual(new Set(over1.map(({ http }) => http)), new Set(['1.1']));
    assert.deepEqual(new Set(over2.map(({ http }) => http)), new Set(['2']));
    assert.deepEqual(new Set(over2.map(({ attempts }) => attempts)), new Set([1]));
    const sorted = (records: CrawlRecord[]) => records.map(pageOf).sort((a, b) => (a.path < b.path ? -1 : 1));
    assert.deepEqual(sorted(over2), sorted(over1));
    assert.deepEqual(new Set(two.log().map(({ version }) => version)), new Set(['h2']));
    const paths = two.log().map(({ path }) => path);
    assert.equal(paths.length, new Set(paths).size, 'none was processed twice');
  },
);

test(
  'an archive says that it was HTTP/2, and holds messages in the form of HTTP/1.1',
  needsNginx,
  async (t) => {
    const nginx = await startNginx(t, { pages: 3 });
    const directory = await temporaryDirectory('warc');
    await crawl(t, nginx, '--warc', directory);
    const records = await readWarcs(await warcPaths(directory));
    assert.deepEqual(faultsOf(records), []);
    const about = records.filter(({ url, type }) => url === `${nginx.url}/` && type !== 'metadata');
    assert.deepEqual(about.map(({ type }) => type).sort(), ['request', 'response']);
    for (const record of about) {
      assert.match(record.field('WARC-Protocol') ?? '', /h2/);
      assert.equal(record.field('WARC-IP-Address'), '127.0.0.1');
    }
    const [request] = about.filter(({ type }) => type === 'request');
    const [response] = about.filter(({ type }) => type === 'response');
    assert.match(request?.head ?? '', /^GET \/ HTTP\/1\.1\r\nhost: localhost:\d+\r\nuser-agent: /);
    assert.match(response?.head ?? '', /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(String(response?.payload), /^<title>All/);
  },
);
