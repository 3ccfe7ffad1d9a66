// drover changes: between two runs of a site with planted changes it finds exactly these.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { startChangingSite } from '../support/site/changing.ts';

const PAGES = Number(process.env.CHANGES_PAGES ?? 120);

async function crawl() {
  const [site, runner] = await Promise.all([startChangingSite(PAGES), openCommandRunner()]);
  after(() => site.close());
  for (const number of [1, 2, 3] as const) {
    site.show(number);
    const how = ['--quiet', '--per-host', '20', '--no-adaptive', '--crawl', 'shop'];
    const { code, stderr } = await runner.run(['crawl', `${site.url}/p/0`, ...how]);
    assert.equal(code, 0, stderr);
  }
  return { site, runner };
}
const crawled = crawl();

const kinds = ['new', 'changed', 'gone', 'back', 'unknown'] as const;
type Listed = { url: string; fields?: string[]; text?: string; diff?: string; lastIn?: string };

test('changes finds exactly the planted changes of three runs, each of its kind', async () => {
  const { site, runner } = await crawled;
  const { code, stdout, stderr } = await runner.run(['changes', 'shop', '--json']);
  assert.equal(code, 0, stderr);
  const changes = JSON.parse(stdout);
  const planted: Record<string, string[]> = { ...site.planted, unknown: [] };
  for (const kind of kinds) {
    const urls = (changes[kind] as Listed[]).map(({ url }) => url);
    assert.deepEqual(urls, planted[kind], kind);
    assert.equal(changes.counts[kind], urls.length, kind);
  }
  assert.equal(changes.counts.same, PAGES - 20);
  assert.deepEqual([changes.from.crawl, changes.to.crawl, changes.notes], ['shop.2', 'shop.3', []]);
  for (const { url, fields, text, diff } of changes.changed as Listed[]) {
    const page = Number(/\d+$/.exec(url)?.[0]);
    assert.deepEqual([fields, text], [['content'], 'changed']);
    assert.match(diff ?? '', new RegExp(`^-The price is ${page} euros\\.$`, 'm'));
    assert.match(diff ?? '', new RegExp(`^\\+The price is now ${page + 7} euros\\.$`, 'm'));
  }
  for (const { lastIn } of changes.back as Listed[]) assert.equal(lastIn, 'shop');
});

test('two runs can be named, in any order: what was new in one is gone in the other', async () => {
  const { site, runner } = await crawled;
  const named = ['--from', 'shop.3', '--to', 'shop.2', '--kind', 'gone,new', '--no-diff'];
  const { stdout } = await runner.run(['changes', 'shop', '--json', ...named]);
  const changes: Record<string, Listed[]> = JSON.parse(stdout);
  const gone = (changes.gone ?? []).map(({ url }) => url);
  assert.deepEqual(gone, [...site.planted.new, ...site.planted.back].sort());
  assert.equal(changes.changed, undefined, 'only the kinds of --kind are listed');
});

test('--fail-on ends with 1 when there is one of the kind; text and CSV hold the same', async () => {
  const { site, runner } = await crawled;
  const failing = await runner.run([
    'changes',
    'shop',
    '--fail-on',
    'gone,unknown',
    '-o',
    runner.path('c.csv'),
  ]);
  assert.equal(failing.code, 1, failing.stderr);
  assert.match(failing.stderr, /^--fail-on: 5 gone$/m);
  assert.equal((await runner.run(['changes', 'shop', '--fail-on', 'unknown'])).code, 0);
  assert.equal((await runner.run(['changes', 'shop.2', '--fail-on', 'any'])).code, 1);
  const [csv, text] = [
    await readFile(runner.path('c.csv'), 'utf8'),
    (await runner.run(['changes', 'shop'])).stdout,
  ];
  for (const [kind, urls] of Object.entries(site.planted))
    for (const url of urls) {
      assert.match(csv, new RegExp(`^${kind},${url},`, 'm'));
      assert.ok(text.includes(`  ${url}`), `text: ${url}`);
    }
  assert.match(text, /^Changed +10 +changed$/m);
});

test('with --ignore, a page of which only such lines have changed is the same', async () => {
  const { site, runner } = await crawled;
  const ignoring = ['changes', 'shop', '--json', '--ignore', '^The price is'];
  const changes = JSON.parse((await runner.run(ignoring)).stdout);
  const leading = site.planted.new.map((url) => url.replace('/new/', '/p/'));
  assert.deepEqual(
    changes.changed.map(({ url }: Listed) => url),
    leading,
    'of the ten pages, five also lead to new ones',
  );
  assert.deepEqual([changes.counts.changed, changes.counts.same], [5, PAGES - 15]);
});

test('what is wrong with the question is said', async () => {
  const { runner } = await crawled;
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['none'], 2, /E_CRAWL_UNKNOWN/],
    [['shop', '--to', 'shop.1'], 2, /shop is the first run of shop[\s\S]+E_RUN_NONE/],
    [['shop', '--from', 'shop.3'], 2, /shop\.3 would be compared with itself/],
    [['shop', '--fail-on', 'all'], 2, /--fail-on: expected some of/],
  ];
  for (const [args, code, says] of cases) {
    const ended = await runner.run(['changes', ...args]);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, says);
  }
});
