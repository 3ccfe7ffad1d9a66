// drover report: of a site with planted faults it finds all and nothing else, in every form.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openCommandRunner } from '../support/crawls.ts';
import { HEAVY_BYTES, SLOW_MS, startFaultySite } from '../support/site/faulty.ts';

const PAGES = Number(process.env.REPORT_PAGES ?? 300);
const FAULTS = Number(process.env.REPORT_FAULTS ?? 12);
const ca = fileURLToPath(new URL('../support/site/certificates/ca.pem', import.meta.url));

async function crawl() {
  const [site, runner] = await Promise.all([
    startFaultySite(PAGES, FAULTS),
    openCommandRunner({ NODE_EXTRA_CA_CERTS: ca }),
  ]);
  after(() => site.close());
  const how = ['--quiet', '--per-host', '20', '--attempts', '1', '--allow-private', '127.0.0.0/8'];
  const what = ['--crawl', 'r', '--check-external', '--sitemap', 'auto', '--no-adaptive'];
  const { code, stderr } = await runner.run(['crawl', `${site.url}/`, ...what, ...how]);
  assert.equal(code, 0, stderr);
  return { site, runner };
}
const crawled = crawl();
const limits = ['--slow', `${SLOW_MS}ms`, '--heavy', String(HEAVY_BYTES)];

interface Found {
  url?: string;
  urls?: string[];
  from?: string[];
  broken?: boolean;
  type?: string;
  hops?: unknown[];
}

test('the report finds every planted fault with the pages that link to it, and nothing else', async () => {
  const { site, runner } = await crawled;
  const { code, stdout, stderr } = await runner.run(['report', 'r', '--json', ...limits]);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  const nameOf = ({ url, urls }: Found) => url ?? urls?.join(' ') ?? '';
  for (const kind of Object.keys(report.counts)) {
    const found = (report[kind] as Found[]).filter(({ broken }) => broken !== false);
    assert.deepEqual(found.map(nameOf).sort(), (site.planted[kind] ?? []).sort(), kind);
  }
  for (const kind of ['brokenLinks', 'redirects', 'external'])
    for (const { url = '', from } of report[kind] as Found[])
      assert.deepEqual(from, [site.linker.get(url)], url);
  assert.equal(report.external.length, 2 * FAULTS);
  for (const { type, hops } of report.redirects as Found[])
    assert.deepEqual([type, hops?.length], ['chain', 2]);
  assert.deepEqual([report.notes, report.cannotTell, report.state], [[], [], 'finished']);
});

test('external links are asked for once by HEAD, then by GET if that failed, and never followed', async () => {
  const { site } = await crawled;
  const expected = ['GET /robots.txt'];
  for (let at = 0; at < FAULTS; at++)
    for (const path of [`/fine/${at}`, `/gone/${at}`]) expected.push(`HEAD ${path}`, `GET ${path}`);
  assert.deepEqual(site.asked.toSorted(), expected.sort());
});

test('--fail-on ends with 1 when there is one of the kind; the forms of the report hold the same', async () => {
  const { site, runner } = await crawled;
  const run = (...args: string[]) => runner.run(['report', 'r', ...limits, ...args]);
  const failing = await run('--fail-on', 'broken,orphans', '-o', runner.path('r.html'));
  assert.equal(failing.code, 1, failing.stderr);
  assert.match(
    failing.stderr,
    new RegExp(`--fail-on: ${site.planted.brokenLinks?.length} broken, ${FAULTS} orphans`),
  );
  assert.equal((await run('--fail-on', 'slow', '--slow', '60s')).code, 0);
  await run('-o', runner.path('r.csv'));
  const [page, csv, text] = [
    await readFile(runner.path('r.html'), 'utf8'),
    await readFile(runner.path('r.csv'), 'utf8'),
    (await run()).stdout,
  ];
  for (const url of Object.values(site.planted).flatMap((found) => found.join(' ').split(' '))) {
    assert.ok(page.includes(`>${url}</a>`), `HTML: ${url}`);
    assert.ok(csv.includes(url), `CSV: ${url}`);
  }
  assert.match(text, new RegExp(`Broken links +${site.planted.brokenLinks?.length} +broken`));
  assert.doesNotMatch(page, /<(script|img|link|iframe)/i);
});

test('what is wrong with the question is said', async () => {
  const { runner, site } = await crawled;
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['report', 'none'], 2, /E_CRAWL_UNKNOWN/],
    [['report', 'r', '--fail-on', 'brokn'], 2, /expected any, or some of broken, redirects/],
    [['report', 'r', '-o', runner.path('r.pdf')], 2, /its ending names no form/],
    [['report', 'r', '--format', 'xml'], 2, /html, json, csv or text/],
    [['report', 'r', '--similar', '20'], 2, /from 50 to 100/],
  ];
  for (const [args, code, says] of cases) {
    const ended = await runner.run(args);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, says);
  }
  const less = ['--body', 'none', '--depth', '1', '--quiet', '--crawl', 'bare'];
  await runner.run(['crawl', `${site.url}/p/0`, ...less]);
  const bare = await runner.run(['report', 'bare', '--fail-on', 'missing-canonical']);
  assert.equal(bare.code, 2, bare.stderr);
  assert.match(bare.stdout, /have no stored body \(--body none\)/);
  assert.match(bare.stdout, /Missing canonical +not known/);
  assert.match(bare.stderr, /--fail-on missing-canonical: this crawl cannot tell/);
});
