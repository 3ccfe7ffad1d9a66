// What sites say about the use of their pages, in robots.txt, headers and meta tags: held in the record, and
// obeyed by a crawl that declares a purpose. Each row is a host of its own, crawled by the drover command
// without a purpose and with each of them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { catalogue } from '../../src/errors.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { purposes } from '../../src/usage/statement.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type RawServer, startRaw } from '../support/site/hostile.ts';

interface Site {
  robots?: string[];
  header?: string[];
  /** What stands in the head of the page. */
  head?: string;
  status?: string;
}

/**
 * What is tried; what the site says; the uses that it reserves and allows; its statements in the record, each
 * as `SOURCE NAME: VALUE`.
 */
type Row = [what: string, site: Site, reserves: string, allows: string, statements: string[]];

const all = 'User-agent: *';
const policy = 'User-agent: __usage_ai-training';
const meta = (name: string, content: string) => `<meta name="${name}" content="${content}">`;
const long = `train-ai=n, x="${'a'.repeat(9000)}"`;

// biome-ignore format: one line a row
const rows: Row[] = [
  ['nothing said', { robots: [all, 'Disallow: /x'] }, '', '', []],
  ['Content-Usage in robots.txt', { robots: [all, 'Content-Usage: train-ai=n'] }, 'train-ai', '', ['robots.txt 2 content-usage: train-ai=n']],
  ['a longer path there', { robots: [all, 'Content-Usage: train-ai=n', 'Content-Usage: /page train-ai=y'] }, '', 'train-ai', ['robots.txt 3 content-usage: /page train-ai=y']],
  ['two of the same path', { robots: [all, 'Content-Usage: /page search=y', 'Content-Usage: /page search=n'] }, 'search', '', ['robots.txt 2 content-usage: /page search=y', 'robots.txt 3 content-usage: /page search=n']],
  ['the group of drover', { robots: [all, 'Content-Usage: search=n', 'User-agent: Drover', 'Content-Usage: search=y'] }, '', 'search', ['robots.txt 4 content-usage: search=y']],
  ['Content-Signal in robots.txt', { robots: [all, 'Content-Signal: search=yes, ai-train=no, use=reference'] }, 'train-ai ai-use', 'search', ['robots.txt 2 content-signal: search=yes, ai-train=no, use=reference']],
  ['Content-Signal: immediate', { robots: [all, 'Content-Signal: use=immediate'] }, 'train-ai ai-use search', '', ['robots.txt 2 content-signal: use=immediate']],
  ['a licence in robots.txt', { robots: ['License: https://h.test/l.xml', all, 'Allow: /'] }, '', '', ['robots.txt 1 license: https://h.test/l.xml']],
  ['the group for training', { robots: [policy, 'Disallow: /page'] }, 'train-ai', '', ['robots.txt 2 __usage_ai-training: Disallow: /page']],
  ['the group for training, another path', { robots: [policy, 'Disallow: /other'] }, '', '', []],
  ['the group of all is no group for training', { robots: [all, 'Disallow: /other', policy, 'Allow: /page'] }, '', 'train-ai', ['robots.txt 4 __usage_ai-training: Allow: /page']],
  ['Content-Usage in a header', { header: ['Content-Usage: train-ai=n, search=y'] }, 'train-ai', 'search', ['header content-usage: train-ai=n, search=y']],
  ['in two lines of the header', { header: ['Content-Usage: train-ai=y', 'content-usage: train-ai=n'] }, 'train-ai', '', ['header content-usage: train-ai=y, train-ai=n']],
  ['one that cannot be parsed', { header: ['Content-Usage: Train-AI=n'] }, '', '', ['header content-usage: Train-AI=n']],
  ['a value that is no token', { header: ['Content-Usage: train-ai="n"'] }, '', '', ['header content-usage: train-ai="n"']],
  ['labels of older drafts', { header: ['Content-Usage: bots=n, train-genai=n'] }, '', '', ['header content-usage: bots=n, train-genai=n']],
  ['robots.txt allows, the header reserves', { robots: [all, 'Content-Usage: train-ai=y'], header: ['Content-Usage: train-ai=n'] }, 'train-ai', '', ['robots.txt 2 content-usage: train-ai=y', 'header content-usage: train-ai=n']],
  ['Content-Signal in a header', { header: ['Content-Signal: ai-input=no'] }, 'ai-use', '', ['header content-signal: ai-input=no']],
  ['X-Robots-Tag in full', { header: ['X-Robots-Tag: otherbot: noai', 'X-Robots-Tag: max-snippet: 5, unavailable_after: 2031-01-01'] }, '', '', ['header x-robots-tag: otherbot: noai', 'header x-robots-tag: max-snippet: 5, unavailable_after: 2031-01-01']],
  ['noai', { header: ['X-Robots-Tag: noai, noimageai'] }, 'train-ai', '', ['header x-robots-tag: noai, noimageai']],
  ['a Link to a licence', { header: ['Link: </a>; rel=next, <https://h.test/l.xml>; rel="license"; type="application/rsl+xml"'] }, '', '', ['header link: <https://h.test/l.xml>; rel="license"; type="application/rsl+xml"']],
  ['tdm-reservation in headers', { header: ['TDM-Reservation: 1', 'tdm-policy: https://h.test/p.json'] }, 'train-ai ai-use', '', ['header tdm-reservation: 1', 'header tdm-policy: https://h.test/p.json']],
  ['tdm-reservation: 0', { header: ['tdm-reservation: 0'] }, '', 'train-ai ai-use', ['header tdm-reservation: 0']],
  ['tdm-reservation: true', { header: ['tdm-reservation: true'] }, '', '', ['header tdm-reservation: true']],
  ['tdm-reservation in the page', { head: meta('TDM-Reservation', '1') + meta('tdm-policy', '/p.json') }, 'train-ai ai-use', '', ['meta tdm-reservation: 1', 'meta tdm-policy: /p.json']],
  ['the page stands in place of the header', { header: ['tdm-reservation: 1'], head: meta('tdm-reservation', '0') }, '', 'train-ai ai-use', ['header tdm-reservation: 1', 'meta tdm-reservation: 0']],
  ['not if it says nothing', { header: ['tdm-reservation: 1'], head: meta('tdm-reservation', 'x') }, 'train-ai ai-use', '', ['header tdm-reservation: 1', 'meta tdm-reservation: x']],
  ['robots in the page', { head: meta('robots', 'index, max-image-preview:large') + meta('drover', 'noai') + meta('otherbot', 'noindex') }, 'train-ai', '', ['meta robots: index, max-image-preview:large', 'meta drover: noai']],
  ['a licence in the page', { head: '<link rel="License" type="application/rsl+xml" href="/l.xml">' }, '', '', ['meta license: </l.xml>; rel="license"; type="application/rsl+xml"']],
  ['a 404 that reserves', { status: '404 Not Found', header: ['Content-Usage: train-ai=n'] }, 'train-ai', '', ['header content-usage: train-ai=n']],
  ['a challenge: what its page says is not the site’s', { status: '403 Forbidden', header: ['cf-mitigated: challenge', 'Content-Usage: search=n'], head: meta('robots', 'noai') }, 'search', '', ['header content-usage: search=n']],
  ['a value of 9 kB', { header: [`Content-Usage: ${long}`] }, 'train-ai', '', [`header content-usage: ${long.slice(0, 500)}…`]],
];

const bodyOf = ({ head = '' }: Site) => `<!doctype html><title>t</title>${head}<a href="/from">on</a>`;
const pathOf = (request: string) => request.split(' ', 2)[1] ?? '';

function bytesOf(status: string, header: readonly string[], body: string): string {
  const lines = ['Content-Type: text/html', `Content-Length: ${Buffer.byteLength(body)}`, ...header];
  return `HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

const startSite = (site: Site) =>
  startRaw((socket, request) => {
    const path = pathOf(request);
    if (path === '/page') socket.write(bytesOf(site.status ?? '200 OK', site.header ?? [], bodyOf(site)));
    else if (path === '/robots.txt' && site.robots)
      socket.write(bytesOf('200 OK', [], site.robots.join('\n')));
    else socket.write(bytesOf(path === '/robots.txt' ? '404 Not Found' : '200 OK', [], '<title>end</title>'));
  });

const crawls = ['none', ...purposes] as const;
type Crawl = (typeof crawls)[number];

let runner: CommandRunner;
let servers: RawServer[];
const records = new Map<Crawl, CrawlRecord[]>();
const summaries = new Map<Crawl, string>();

before(
  async () => {
    servers = await Promise.all(rows.map(([, site]) => startSite(site)));
    runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), servers.map(({ url }) => `${url}page\n`).join(''));
    for (const crawl of crawls) {
      const purpose = crawl === 'none' ? [] : ['--purpose', crawl];
      const { code, stdout, stderr } = await runner.run(
        ['crawl', runner.path('list.txt'), '--crawl', crawl, '--depth', '1', ...purpose],
        { env: { NO_COLOR: '1' } },
      );
      assert.equal(code, 0, stderr);
      summaries.set(crawl, (stdout + stderr).replace(/\s+/g, ' '));
      records.set(crawl, await runner.results(crawl));
    }
  },
  { timeout: 120_000 },
);

after(() => Promise.all(servers.map((server) => server.close())));

function recordOf(crawl: Crawl, row: number, path = 'page'): CrawlRecord | undefined {
  return records.get(crawl)?.find(({ url }) => url === `${servers[row]?.url}${path}`);
}

for (const [index, [what, site, reserves, allows, statements]] of rows.entries()) {
  test(`${what}: the record says ${reserves ? `that it reserves ${reserves}` : 'that nothing is reserved'}`, () => {
    const record = recordOf('none', index);
    const found = record?.usage?.statements.map(({ source, line, name, value }) =>
      [source, line, `${name}: ${value}`].filter((part) => part !== null).join(' '),
    );
    assert.deepEqual(found ?? [], statements);
    assert.equal(record?.usage === null, statements.length === 0);
    assert.equal(record?.usage?.reserves.join(' ') ?? '', reserves);
    assert.equal(record?.usage?.allows.join(' ') ?? '', allows);
    assert.equal(record?.body, bodyOf(site), 'without a purpose all is kept');
    const isPage = (site.status ?? '200 OK').startsWith('200');
    assert.equal(recordOf('none', index, 'from') !== undefined, isPage);
  });

  for (const purpose of purposes) {
    const isReserved = reserves.split(' ').includes(purpose);
    test(`${what}, --purpose ${purpose}: ${isReserved ? 'nothing is kept' : 'it is kept'}`, () => {
      const record = recordOf(purpose, index);
      assert.ok(record);
      if (!isReserved) {
        const { usage, error, body, links } = recordOf('none', index) ?? record;
        assert.deepEqual(
          [record.usage, record.error, record.body, record.links],
          [usage, error, body, links],
        );
        return;
      }
      const inRobots = statements[0]?.startsWith('robots.txt') && !what.startsWith('robots.txt allows');
      assert.equal(record.error?.code, site.status ? recordOf('none', index)?.error?.code : 'E_RESERVED');
      assert.equal(record.ok, false);
      assert.deepEqual([record.body, record.links, record.title, record.sha256], [null, null, null, null]);
      assert.equal(record.status, inRobots ? null : Number.parseInt(site.status ?? '200', 10));
      assert.equal(recordOf(purpose, index, 'from'), undefined, 'its links are not followed');
      if (site.status) return;
      assert.match(
        record.error?.message ?? '',
        inRobots ? /Line \d of http:\S+\/robots\.txt/ : /The (header|tag) /,
      );
      assert.ok(record.error?.message.includes(purpose));
      assert.equal(record.usage === null, inRobots === true);
    });
  }
}

test('what robots.txt reserves is not asked for', () => {
  const index = rows.findIndex(([what]) => what === 'Content-Signal: immediate');
  assert.deepEqual(servers[index]?.requests.map(pathOf).sort(), ['/from', '/page', '/robots.txt']);
});

test('the summary has a line for what was not fetched and one for what was not kept, and no host was slowed', async () => {
  const { means, advice } = catalogue.E_RESERVED;
  for (const purpose of purposes) {
    const counts = await runner.status(purpose);
    assertAddsUp(counts);
    const ended = (records.get(purpose) ?? []).filter(({ error }) => error?.code === 'E_RESERVED');
    const refused = ended.filter(({ status }) => status === null).length;
    assert.deepEqual([counts.refusals.E_RESERVED, counts.refused], [refused, refused]);
    assert.equal(counts.errors.E_RESERVED ?? 0, ended.length - refused);
    assert.deepEqual([counts.postponed, counts.retries, counts.dead], [0, 0, 0]);
    const summary = summaries.get(purpose) ?? '';
    for (const count of [refused, ended.length - refused].filter(Boolean))
      assert.ok(summary.includes(`robots E_RESERVED ${count} ${means} ${advice}`), summary);
    assert.doesNotMatch(summary, /Held back/);
  }
});

const explained = async (crawl: Crawl, what: string, path = 'page') => {
  const index = rows.findIndex(([row]) => row === what);
  const { stdout } = await runner.run(['explain', `${servers[index]?.url}${path}`, '--crawl', crawl]);
  return stdout.replace(/\s+/g, ' ');
};

test('explain shows what is said, where, and what a purpose would mean', async () => {
  const both = await explained('none', 'robots.txt allows, the header reserves');
  assert.match(
    both,
    /usage robots\.txt line 2: content-usage: train-ai=y; header: content-usage: train-ai=n;/,
  );
  assert.match(
    both,
    /--purpose train-ai would leave it out \(E_RESERVED\), ai-use and search not spoken of; the crawl has no --purpose/,
  );
  const robots = await explained('train-ai', 'Content-Usage in robots.txt');
  assert.match(
    robots,
    /^Not fetched: line 2 of \S+ \(content-usage\) reserves train-ai: train-ai=n \(E_RESERVED\)/,
  );
  assert.match(robots, /✗ usage .* reserved against the crawl's train-ai/);
  const header = await explained('train-ai', 'noai');
  assert.match(header, /^Fetched at \S+, and not kept: the header x-robots-tag reserves train-ai/);
  const offered = await explained('train-ai', 'Content-Usage in robots.txt', 'never');
  assert.match(offered, /✗ usage robots\.txt line 2: .* \(not known before a fetch: headers and page\);/);
  assert.match(offered, /if it were offered, line 2 of \S+ \(content-usage\) reserves train-ai/);
  assert.match(
    await explained('search', 'nothing said'),
    /✓ usage nothing is said; nothing known is reserved against the crawl's search/,
  );
});

test('several purposes: what is reserved against one of them is not kept; an unknown one is an error that names all', async () => {
  const index = rows.findIndex(([what]) => what === 'Content-Usage in a header');
  const url = `${servers[index]?.url}page`;
  const how = ['--crawl', 'several', '--depth', '0', '--quiet'];
  await runner.run(['crawl', url, ...how, '--purpose', 'search,ai-use', '--purpose', 'train-ai']);
  assert.equal((await runner.results('several'))[0]?.error?.code, 'E_RESERVED');
  const { code, stderr } = await runner.run(['crawl', url, '--purpose', 'ai-train']);
  assert.equal(code, 2);
  assert.match(stderr, /--purpose.*expected train-ai, ai-use or search \(got "ai-train"\)/);
});

test('a redirect to a host that reserves is not followed, and --ignore-robots hears headers and pages alone', async (t) => {
  const target = await startSite({
    robots: [all, 'Content-Usage: train-ai=n'],
    header: ['Content-Usage: search=y'],
  });
  t.after(() => target.close());
  const away = await startRaw((socket, request) => {
    const isRobots = pathOf(request) === '/robots.txt';
    const moved = bytesOf('302 Found', [`Location: ${target.url}page`], '');
    socket.write(isRobots ? bytesOf('404 Not Found', [], '') : moved);
  });
  t.after(() => away.close());
  const how = ['--depth', '0', '--quiet', '--purpose', 'train-ai'];
  await runner.run(['crawl', `${away.url}a`, `${target.url}`, '--crawl', 'away', ...how]);
  const [record] = (await runner.results('away')).filter(({ url }) => url.startsWith(away.url));
  assert.equal(record?.error?.code, 'E_RESERVED', record?.error?.message);
  assert.deepEqual(target.requests.map(pathOf), ['/robots.txt']);
  await runner.run(['crawl', `${target.url}page`, '--crawl', 'ignoring', ...how, '--ignore-robots']);
  const [ignoring] = await runner.results('ignoring');
  assert.deepEqual([ignoring?.ok, ignoring?.usage?.statements.length], [true, 1]);
});

test('after a redirect to another host, its robots.txt alone speaks of the page', async (t) => {
  const target = await startSite({ robots: [all, 'Content-Usage: ai-use=n'] });
  t.after(() => target.close());
  const moved = bytesOf('302 Found', [`Location: ${target.url}page`], '');
  const away = await startRaw((socket, request) => {
    const isRobots = pathOf(request) === '/robots.txt';
    socket.write(isRobots ? bytesOf('200 OK', [], `${all}\nContent-Usage: search=n`) : moved);
  });
  t.after(() => away.close());
  await runner.run(['crawl', `${away.url}a`, target.url, '--crawl', 'moved', '--depth', '0', '--quiet']);
  const record = (await runner.results('moved')).find(({ url }) => url.startsWith(away.url));
  assert.deepEqual(record?.usage?.reserves, ['ai-use'], record?.error?.message);
});

test('a sitemap is read though the site reserves all but a part, and that part is fetched', async (t) => {
  const robots = [all, 'Content-Usage: train-ai=n', 'Content-Usage: /free/ train-ai=y'].join('\n');
  const site: RawServer = await startRaw((socket, request) => {
    const path = pathOf(request);
    const urls = ['free/1', 'kept/2'].map((page) => `<url><loc>${site.url}${page}</loc></url>`).join('');
    if (path === '/robots.txt') socket.write(bytesOf('200 OK', [], robots));
    else if (path === '/sitemap.xml')
      socket.write(
        bytesOf('200 OK', [], `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls}</urlset>`),
      );
    else socket.write(bytesOf('200 OK', [], '<title>page</title>'));
  });
  t.after(() => site.close());
  await runner.run([
    'crawl',
    '--sitemap',
    `${site.url}sitemap.xml`,
    '--crawl',
    'map',
    '--quiet',
    '--purpose',
    'train-ai',
  ]);
  const codes = (await runner.results('map')).map(({ url, error }) => [
    new URL(url).pathname,
    error?.code ?? 'ok',
  ]);
  assert.deepEqual(codes.sort(), [
    ['/free/1', 'ok'],
    ['/kept/2', 'E_RESERVED'],
    ['/sitemap.xml', 'ok'],
  ]);
});
