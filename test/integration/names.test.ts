// Name servers that do not answer, or answer wrongly, through the whole program: they hold up no other host,
// are asked no more often than need be, and every name ends with the error that says what happened.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { openCommandRunner, recordsOf } from '../support/crawls.ts';
import { closing } from '../support/fetching.ts';
import { startNameServer, type ZoneAnswer } from '../support/name-server.ts';

const found = { addresses: ['127.0.0.1'], ttlSeconds: 60 };

/** A site for all names, with the time of each page. */
async function startLoggedSite(t: TestContext) {
  const pages: { host: string; at: number }[] = [];
  const server = createServer((request, response) => {
    const host = request.headers.host?.split(':')[0] ?? '';
    if (request.url !== '/robots.txt') pages.push({ host, at: performance.now() });
    setTimeout(() => response.end('hello'), 20);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing(t, server);
  return { pages, port: (server.address() as AddressInfo).port };
}

async function crawlList(urls: readonly string[], nameServer: string, more: readonly string[]) {
  const runner = await openCommandRunner();
  await writeFile(runner.path('list.txt'), urls.join('\n'));
  const { code, stderr } = await runner.run(
    [
      ...['crawl', runner.path('list.txt'), '--depth', '0', '-o', runner.path('out.ndjson'), '--quiet'],
      ...['--dns-server', nameServer, '--allow-private', '127.0.0.0/8,::1', ...more],
    ],
    { wholeFile: true },
  );
  return { code, stderr, records: await recordsOf(runner.path('out.ndjson')) };
}

const longestGap = (times: readonly number[]) =>
  Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));

test('three times as many silent names as fetches at a time hold up no other host', async (t) => {
  const limitMs = 4000;
  const site = await startLoggedSite(t);
  let quietSince = Number.POSITIVE_INFINITY;
  const names = closing(
    t,
    await startNameServer((name) => {
      if (!name.startsWith('quiet')) return found;
      quietSince = Math.min(quietSince, performance.now());
      return 'silent';
    }),
  );
  const quiet = Array.from({ length: 60 }, (_, n) => `http://quiet${n}.test:${site.port}/`);
  const loud = Array.from({ length: 100 }, (_, n) => `http://loud${n % 4}.test:${site.port}/${n}`);
  const flags = ['-c', '20', '--timeout-dns', `${limitMs}`, '--attempts', '1', '--delay', '30ms'];
  const alone = await crawlList(loud, names.address, flags);
  assert.equal(alone.code, 0, alone.stderr);
  const timesAlone = site.pages.splice(0).map(({ at }) => at);
  const gapAlone = longestGap(timesAlone);
  const spanAlone = Math.max(...timesAlone) - Math.min(...timesAlone);

  const { records, code } = await crawlList([...quiet, ...loud], names.address, flags);
  assert.equal(code, 1);
  const times = site.pages.map(({ at }) => at);
  assert.equal(times.length, loud.length);
  const gap = longestGap(times);
  assert.ok(gap < Math.max(1500, 3 * gapAlone), `a gap of ${gap} ms in the log, ${gapAlone} ms without them`);
  const lastMs = Math.max(...times) - quietSince;
  const within = Math.max(limitMs, 3 * spanAlone);
  assert.ok(lastMs < within, `the last page of the others came ${lastMs} ms after the first silence`);
  const dead = records.filter(({ url }) => url.includes('//quiet'));
  for (const { error } of dead) assert.equal(error?.code, 'E_DNS_TIMEOUT', error?.message);
  assert.match(dead[0]?.error?.message ?? '', /Limit 4000 ms/);
  // Two rounds of three questions; those of the others are asked once for each crawl.
  const asked = (question: string) => names.questions.filter((each) => each === question).length;
  for (const type of ['A', 'AAAA']) {
    for (const n of [0, 30, 59]) {
      const count = asked(`${type} quiet${n}.test`);
      assert.ok(count >= 2 && count <= 6, `${count} questions for quiet${n}`);
    }
    for (const n of [0, 1, 2, 3]) assert.equal(asked(`${type} loud${n}.test`), 2);
  }
});

/** What the name server answers, and how each of two requests for the name ends. */
const odd: {
  name: string;
  answer: (type: string, count: number) => ZoneAnswer;
  fate: string;
  asked?: number;
}[] = [
  { name: 'missing.test', answer: () => 'nxdomain', fate: 'E_DNS_NOT_FOUND', asked: 1 },
  { name: 'no-address.test', answer: () => ({ addresses: [] }), fate: 'E_DNS_NOT_FOUND', asked: 1 },
  { name: 'failing.test', answer: () => 'servfail', fate: 'E_DNS_TEMPORARY' },
  { name: 'refusing.test', answer: () => 'refused', fate: 'E_DNS_TEMPORARY' },
  { name: 'other-id.test', answer: () => 'wrong-id', fate: 'E_DNS_TIMEOUT' },
  {
    name: 'forged-first.test',
    answer: (_, count) => (count === 1 ? 'wrong-id' : found),
    fate: 'fetched',
  },
  { name: 'truncated.test', answer: () => ({ ...found, truncated: true }), fate: 'fetched' },
  { name: 'four-only.test', answer: (type) => (type === 'A' ? found : 'servfail'), fate: 'fetched' },
  { name: 'found.test', answer: () => found, fate: 'fetched', asked: 1 },
  { name: 'localhost', answer: () => 'nxdomain', fate: 'fetched', asked: 0 },
];

test('wrong, truncated, negative and forged answers end each as what they are; each name is asked for once', async (t) => {
  const site = await startLoggedSite(t);
  const names = closing(
    t,
    await startNameServer(
      (name, type, count) => odd.find((row) => row.name === name)?.answer(type, count) ?? 'nxdomain',
    ),
  );
  const urls = odd.flatMap(({ name }) => ['a', 'b'].map((path) => `http://${name}:${site.port}/${path}`));
  const flags = ['--timeout-dns', '2500', '--attempts', '1'];
  const { records, stderr } = await crawlList(urls, names.address, flags);
  assert.equal(records.length, urls.length, stderr);
  const fateOf = ({ error }: CrawlRecord) => error?.code ?? 'fetched';
  for (const { name, fate, asked } of odd) {
    const fates = records.filter(({ url }) => new URL(url).hostname === name).map(fateOf);
    assert.deepEqual(fates, [fate, fate], name);
    for (const type of ['A', 'AAAA']) {
      const count = names.questions.filter((question) => question === `${type} ${name}`).length;
      if (asked !== undefined) assert.equal(count, asked, `${type} ${name}`);
      assert.ok(name === 'localhost' || count > 0, `${type} ${name}`);
    }
  }
  assert.ok(names.overTcp.includes('A truncated.test'));
});

test('an answer that cannot be read is that of its own name, though others were asked for at the same time', async (t) => {
  const site = await startLoggedSite(t);
  const names = closing(t, await startNameServer((name) => (name.startsWith('garbage') ? 'garbage' : found)));
  const hosts = ['garbage0', 'found0', 'garbage1', 'found1', 'found2'];
  const urls = hosts.map((host) => `http://${host}.test:${site.port}/`);
  const { records } = await crawlList(urls, names.address, ['--attempts', '1']);
  const fates = records.map(({ url, error }) => [new URL(url).hostname, error?.code ?? 'fetched']);
  const wanted = hosts.map((host) => [
    `${host}.test`,
    host.startsWith('garbage') ? 'E_DNS_TEMPORARY' : 'fetched',
  ]);
  assert.deepEqual(Object.fromEntries(fates), Object.fromEntries(wanted));
});
