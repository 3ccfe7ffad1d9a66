// Every command line of the README does what the README says: its words are run as they stand, in an empty
// directory, against a local site.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { recordsOf } from '../support/crawls.ts';
import { blocks, commandLines, requestExample, root, scripts } from '../support/project/readme.ts';
import { type DroverProcess, spawnDrover, spawnProgram, until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const PAGES = 12;
let site: Site;
let dir: string;
/** `npm run serve`, from its line in the README on. */
let serving: DroverProcess;

before(async () => {
  site = await startSite({
    pages: PAGES,
    behaviours: {
      '/item/7': { status: 200, body: 'Item seven.' },
      '/away': { status: 302, headers: { location: 'ftp://example.com/' } },
    },
  });
  await site.behave('/sitemap.xml', {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<urlset><url><loc>${site.url}/p/11</loc></url></urlset>`,
  });
  dir = await temporaryDirectory('readme');
  const here = JSON.stringify({ ...JSON.parse(requestExample), url: `${site.url}/item/7` });
  await writeFile(join(dir, 'urls.txt'), `${site.url}/p/1\n${site.url}/p/2\n${site.url}/away\n${here}\n`);
});
after(() => site.stop());

/** The words after `drover` that an `npm run` line of the README comes to. */
function wordsOf(line: string): string[] {
  assert.doesNotMatch(line, /["'`$&|;<>*?\\]/, 'it needs a shell, which this test has not');
  const [, script = '', rest = ''] = /^npm run (\S+)(?: -- (.*))?$/.exec(line) ?? [];
  const [, first = ''] =
    /^exec node \.bundle\/current\/cli\/drover\.js ?(.*)$/.exec(scripts[script] ?? '') ??
    assert.fail(`not drover: ${line}`);
  const words = `${first} ${rest}`.split(' ').filter(Boolean);
  return words.map((word) => word.replace('https://example.com', site.url));
}

const environment = (): Record<string, undefined> => {
  const names = Object.keys(process.env).filter((name) => name === 'REDIS_URL' || name.startsWith('DROVER_'));
  return Object.fromEntries(names.map((name) => [name, undefined]));
};
const start = (words: readonly string[]): DroverProcess =>
  spawnDrover(words, { cwd: dir, env: environment() });

/** Runs the words to their end; returns standard output. */
async function run(words: readonly string[], wanted = 0): Promise<string> {
  const drover = start(words);
  const { code } = await drover.exit;
  assert.equal(code, wanted, `${words.join(' ')}\n${drover.stdout()}${drover.stderr()}`);
  return drover.stdout();
}

const statusOf = async (crawl: string) => JSON.parse(await run(['status', crawl, '--json'])) as CrawlCounts;

/** What each line of the README must do; they run in the README's order, in one directory. */
const promises: Record<string, (words: string[]) => Promise<void>> = {
  async 'npm run crawl -- https://example.com/ -o pages.jsonl'(words) {
    await run(words);
    const records = await recordsOf(join(dir, 'pages.jsonl'));
    assert.equal(records.length, PAGES + 1);
    assert.ok(records.every(({ ok }) => ok));
    await site.clearLog();
  },
  async 'npm run crawl'(words) {
    await run(words, 1); // the demonstration has a page that fails for good
    const { state, recorded } = await statusOf('demo');
    assert.equal(state, 'finished');
    assert.ok(recorded > 100, `${recorded} pages`);
    assert.deepEqual(await site.log(), [], 'it crawls its own site');
  },
  async 'npm run drover -- enqueue urls.txt --crawl shop'(words) {
    await run(words);
    const { state, accepted, waiting } = await statusOf('shop');
    assert.deepEqual([state, accepted, waiting], ['running', 4, 4]);
  },
  async 'npm run drover -- pause shop'(words) {
    await run(words);
    assert.equal((await statusOf('shop')).state, 'paused');
  },
  async 'npm run drover -- resume shop'(words) {
    await run(words);
    assert.equal((await statusOf('shop')).state, 'running');
  },
  async 'npm run drover -- consume --processes 2'(words) {
    const consuming = start(words);
    await consuming.line(/consuming in 2 processes/);
    const finished = async () => (await statusOf('shop')).state === 'finished';
    await until(finished, { what: 'the crawl to be finished', deadlineMs: 20_000 });
    consuming.kill('SIGTERM');
    assert.equal((await consuming.exit).code, 0, consuming.stderr());
  },
  async 'npm run drover -- status shop'(words) {
    assert.match(
      await run(words),
      /^crawl shop: finished\n {2}4 accepted = 3 recorded \+ 0 refused \+ 1 dead/,
    );
  },
  async 'npm run drover -- results shop -o shop.jsonl'(words) {
    await run(words);
    const records = await recordsOf(join(dir, 'shop.jsonl'));
    const byPath = new Map(records.map((record) => [new URL(record.url).pathname, record]));
    assert.deepEqual([...byPath.keys()].sort(), ['/away', '/item/7', '/p/1', '/p/2']);
    const { label, userData, ok } = byPath.get('/item/7') ?? {};
    assert.deepEqual({ label, userData, ok }, { label: 'item', userData: { row: 7 }, ok: true });
  },
  async 'npm run drover -- results shop --status 404'(words) {
    assert.equal(await run(words), '', 'no page of this list answers 404');
  },
  async 'npm run drover -- dead list shop'(words) {
    assert.match(
      await run(words),
      new RegExp(`E_REDIRECT_INVALID  1 attempt  ${RegExp.escape(site.url)}/away\n`),
    );
  },
  async 'npm run drover -- explain https://example.com/p/1 --crawl shop'(words) {
    assert.match(await run(words), /^Fetched at .*: 200/);
  },
  async 'npm run drover -- explain https://example.com/p/1 --timing'(words) {
    const printed = await run(words);
    assert.match(printed, /^Fetched at .*: 200/);
    assert.match(printed, /\n {2}first byte .*--timeout-response\n/);
    assert.match(printed, /\nfirst to fire would be --timeout-/);
  },
  async 'npm run serve'(words) {
    const here = [...words, '--port', '0', '--allow-private', '127.0.0.0/8'];
    serving = spawnDrover(here, { cwd: dir, env: environment(), wholeFile: true });
    assert.match(await serving.line(/^listening on /), /^listening on http:\/\/127\.0\.0\.1:\d+ /);
  },
  async 'npm run drover -- dead summary shop'(words) {
    assert.match(await run(words), /E_REDIRECT_INVALID/);
  },
  async 'npm run drover -- dead replay shop --dry-run'(words) {
    assert.equal(JSON.parse(await run([...words, '--json'])).replayed, 1);
  },
  async 'npm run drover -- dead replay shop --canary 5 --attempts 2 --header accept:text/html'(words) {
    const log = async () => (await site.log()).filter(({ path }) => path === '/away').length;
    const before = await log();
    await run([...words, '--wait'], 1); // it fails again, as long as it leads to ftp:
    assert.equal(await log(), before + 1);
  },
  async 'npm run drover -- dead export shop --format csv -o dead.csv'(words) {
    await run(words);
    const lines = readFileSync(join(dir, 'dead.csv'), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? '', /E_REDIRECT_INVALID/);
  },
  async 'npm run drover -- dead purge shop --code E_REDIRECT_INVALID'(words) {
    await run(words);
    assert.equal(await run(['dead', 'list', 'shop']), 'no dead letters\n');
    assert.equal(readdirSync(join(dir, '.drover/purged')).length, 1);
  },
  async 'npm run crawl -- --sitemap https://example.com/sitemap.xml --crawl listed'(words) {
    await run(words);
    const { state, accepted, recorded } = await statusOf('listed');
    assert.deepEqual([state, accepted], ['finished', recorded]);
    assert.ok(
      (await site.log()).some(({ path }) => path === '/p/11'),
      'what the sitemap lists is fetched',
    );
  },
  async 'npm run drover -- hosts'(words) {
    assert.equal(await run(words), 'no host has requests of an open crawl\n');
  },
  async 'npm run drover -- hosts set example.com --delay 2s --concurrency 1'(words) {
    await run(words);
    assert.match(await run(['hosts']), /^example\.com +0 +0 +0 of 1 +2 s +limits set by the operator$/m);
  },
  async 'npm run drover -- hosts pause example.com --for 10m'(words) {
    await run(words);
    assert.match(await run(['hosts']), /paused since .* until .*: by hand/);
  },
  async 'npm run drover -- hosts resume example.com'(words) {
    await run(words);
    assert.doesNotMatch(await run(['hosts']), /paused/);
  },
  async 'npm run drover -- doctor'(words) {
    assert.match(await run(words), /^ok {4}Redis: /m);
  },
};

/**
 * What the API answers to each curl line of the README; they run in its order, while `npm run serve` runs.
 */
const answers: Record<string, (stdout: string) => Promise<void> | void> = {
  'curl localhost:3300/v1/requests -H content-type:application/json -d \'["https://example.com/p/1", "https://example.com/p/2", "https://example.com/p/3"]\'':
    async (stdout) => {
      const { crawl, accepted, rejected } = JSON.parse(stdout);
      assert.deepEqual([crawl, accepted, rejected], ['api-requests', 3, []]);
      const finished = async () => (await statusOf('api-requests')).state === 'finished';
      await until(finished, { what: 'the three to be fetched', deadlineMs: 20_000 });
    },
  'curl -N --max-time 3 localhost:3300/v1/events': (stdout) => {
    assert.match(stdout, /^event: crawls\ndata: \{"crawls":\[.*"crawl":"api-requests"/m);
  },
  'curl localhost:3300/v1/crawls/api-requests': (stdout) => {
    const { state, accepted, recorded } = JSON.parse(stdout);
    assert.deepEqual([state, accepted, recorded], ['finished', 3, 3]);
  },
  'curl localhost:3300/v1/crawls/api-requests/records -H accept:application/x-ndjson': (stdout) => {
    const records = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as CrawlRecord);
    assert.deepEqual(records.map(({ url }) => new URL(url).pathname).sort(), ['/p/1', '/p/2', '/p/3']);
  },
  'curl localhost:3300/v1/crawls -H content-type:application/json -d \'{"url": "https://example.com/", "maxDepth": 1, "limit": 1000}\'':
    async (stdout) => {
      const { crawl, settings } = JSON.parse(stdout);
      assert.deepEqual([settings.depth, settings.limit], [1, 1000]);
      const finished = async () => (await statusOf(crawl)).state === 'finished';
      await until(finished, { what: 'the crawl to be finished', deadlineMs: 20_000 });
    },
  'curl -G localhost:3300/v1/explain --data-urlencode url=https://example.com/p/2': (stdout) => {
    assert.match(JSON.parse(stdout).verdict, /^Fetched at .*: 200/);
  },
};

/** As a shell runs it, at the server and the site of this test. */
async function curl(line: string): Promise<string> {
  const [url = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  const here = line.replace('localhost:3300', url).replaceAll('https://example.com', site.url);
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${here} --silent --show-error`], (_error, stdout) => resolve(stdout));
  });
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Too long for a test, or this test itself: that the script is there must do. */
const notRunHere = [
  'npm test',
  'npm run bench',
  'npm run drover -- bench frontier',
  'npm run drover -- bench politeness',
  'npm run drover -- bench backoff',
  'npm run drover -- bench handlers',
  'npm run drover -- bench stores',
  'npm run drover -- bench compare',
  'npm run drover -- bench processes',
  'npm run drover -- bench again',
];

for (const line of commandLines) {
  test(`README: ${line}`, async (t) => {
    const answer = answers[line];
    if (answer && !hasCurl) return t.skip('there is no curl on this machine');
    if (answer) return answer(await curl(line));
    if (notRunHere.includes(line)) return assertScript(line);
    const promise = promises[line] ?? assert.fail('no test knows this line: say here what it must do');
    await promise(wordsOf(line));
  });
}

function assertScript(line: string): void {
  const [, bench] = / bench (\w+)$/.exec(line) ?? [];
  if (bench) {
    assert.ok(existsSync(join(root, 'bench', `${bench}.ts`)), line);
    return;
  }
  const name = line.replace(/^npm (run )?/, '');
  const programs = (scripts[name] ?? '').match(/\S+\.m?[jt]s\b/g) ?? [];
  assert.ok(programs.length > 0, `package.json has no script "${name}" that runs a program`);
  for (const program of programs) assert.ok(existsSync(join(root, program)), `${program} is missing`);
}

test('README has command lines, in console blocks alone, and all that this test knows', () => {
  assert.deepEqual(
    commandLines.toSorted(),
    [...Object.keys(promises), ...Object.keys(answers), ...notRunHere].toSorted(),
  );
  assert.deepEqual(new Set(blocks.map(({ language }) => language)), new Set(['console', 'json', 'ts']));
});

test('the program that README shows enqueues', async () => {
  const text = blocks.find(({ language }) => language === 'ts')?.text ?? '';
  const here = text
    .replace(`'drover'`, JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href))
    .replaceAll('https://example.com', site.url);
  await writeFile(join(dir, 'enqueue.ts'), here);
  const program = spawnProgram([join(dir, 'enqueue.ts')], { cwd: dir, env: environment() });
  const { code } = await program.exit;
  assert.deepEqual([code, program.stdout()], [0, '2 accepted, 0 rejected\n'], program.stderr());
});
