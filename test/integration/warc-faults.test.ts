// WARC files when consumers are killed, when several write at once, and when the disk does not take them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { faultsOf, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { answerOf, startRaw } from '../support/site/hostile.ts';

const PAGES = 400;

/** A site of PAGES pages, each with ten links and a body of its own that hardly compresses. */
async function startPages() {
  const site = await startRaw((socket, head) => {
    const path = head.split(' ', 2)[1] ?? '';
    const number = Number(/^\/p\/(\d+)$/.exec(path)?.[1] ?? (path === '/' ? 0 : Number.NaN));
    if (Number.isNaN(number)) return void socket.write(answerOf('', {}, '404 Not Found'));
    const links = Array.from({ length: 10 }, (_, index) => number * 10 + index + 1)
      .filter((next) => next < PAGES)
      .map((next) => `<a href=/p/${next}>${next}</a>`);
    const noise = Array.from({ length: 60 }, (_, index) =>
      createHash('sha512').update(`${number} ${index}`).digest('base64'),
    );
    setTimeout(
      () =>
        socket.write(
          answerOf(`<title>${number}</title>${links.join(' ')} ${noise.join(' ')}`, {
            'Content-Type': 'text/html',
          }),
        ),
      20,
    );
  });
  after(() => site.close());
  return site;
}

test('after kill -9 every file is whole but for a torn last record, and no page is missing', async () => {
  const site = await startPages();
  const runner = await openCommandRunner();
  const args = [
    'crawl',
    site.url,
    '--crawl',
    'killed',
    '--quiet',
    '--per-host',
    '20',
    '--warc',
    runner.path('warc'),
    '--warc-size',
    '200kB',
  ];
  for (const least of [60, 200]) {
    const drover = runner.start(args);
    await until(() => site.requests.length > least, { what: 'the pages', deadlineMs: 30_000 });
    drover.kill('SIGKILL');
    await drover.exit;
  }
  // What a crash of the machine tears off, if these did not.
  const paths = await warcPaths(runner.path('warc'));
  const unfinished = (await Promise.all(paths.map(isIndexed))).lastIndexOf(false);
  const open = paths[unfinished < 0 ? paths.length - 1 : unfinished] as string;
  const { size } = await stat(open);
  const torn = (await readFile(open)).subarray(100, 160);
  await appendFile(open, Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), torn]));
  const long = new Date(Date.now() - 60_000);
  for (const path of paths) if (path === open || !(await isIndexed(path))) await utimes(path, long, long);
  if (unfinished < 0) await unlink(`${open}.cdxj`);

  const ended = await runner.run(args);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal((await stat(open)).size, size);
  assert.equal((await stat(`${open}.torn`)).size, 70);
  const all = await warcPaths(runner.path('warc'));
  const records = await readWarcs(all);
  assert.deepEqual(faultsOf(records), []);
  const pages = new Set(records.filter(({ type }) => type === 'response').map(({ url }) => url));
  assert.equal(pages.size, PAGES + 1); // and robots.txt
  for (const path of all) {
    assert.equal(await isIndexed(path), true, path);
    assert.match(
      gunzipSync(await readFile(path)).toString('latin1', 0, 40),
      /^WARC\/1\.1\r\nWARC-Type: warcinfo/,
    );
  }
  assert.ok(all.length > 5, 'the files are rotated');
  const { code, stdout, stderr } = await runner.run([
    'archive',
    'killed',
    '--json',
    '-o',
    runner.path('killed.wacz'),
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).pages, PAGES);
  assert.equal(JSON.parse(stdout).warcs, all.length);
});

async function isIndexed(path: string): Promise<boolean> {
  return (await readFile(`${path}.cdxj`).catch(() => null)) !== null;
}

test('consumers of other processes write too, and the index of each place is found right', async () => {
  const site = await startPages();
  const runner = await openCommandRunner();
  const args = [
    'enqueue',
    site.url,
    '--crawl',
    'fleet',
    '--quiet',
    '--per-host',
    '40',
    '--warc',
    runner.path('warc'),
  ];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const consumers = [runner.start(['consume', '--quiet']), runner.start(['consume', '--quiet'])];
  const hasEnded = async () => (await runner.status('fleet')).state === 'finished';
  await until(hasEnded, { what: 'the end', deadlineMs: 60_000, everyMs: 300 });
  // While they run, their files have no index yet.
  const during = await runner.run(['archive', 'fleet', '--json', '-o', runner.path('during.wacz')]);
  assert.equal(during.code, 0, during.stderr);
  assert.deepEqual(JSON.parse(during.stdout), { ...JSON.parse(during.stdout), pages: PAGES, warcs: 2 });
  for (const consumer of consumers) consumer.kill('SIGTERM');
  await Promise.all(consumers.map(({ exit }) => exit));
  const paths = await warcPaths(runner.path('warc'));
  assert.equal(paths.length, 2);
  const records = await readWarcs(paths);
  assert.deepEqual(faultsOf(records), []);
  for (const path of paths) {
    const bytes = await readFile(path);
    const name = path.split('/').at(-1);
    for (const line of (await readFile(`${path}.cdxj`, 'utf8')).trimEnd().split('\n')) {
      const { url, offset, length, filename } = JSON.parse(line.slice(line.indexOf('{')));
      assert.equal(filename, name);
      const record = gunzipSync(bytes.subarray(Number(offset), Number(offset) + Number(length))).toString(
        'latin1',
      );
      assert.ok(record.includes(`\r\nWARC-Target-URI: ${url}\r\n`), line);
    }
  }
  // One of them on a machine whose files were not copied.
  const [away = ''] = paths;
  await rename(away, runner.path('away'));
  const missing = await runner.run(['archive', 'fleet', '-o', runner.path('missing.wacz')]);
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /1 of 2 are not in .*: .*:.*warc\.gz.*E_WARC_MISSING/s);
});

test('an index that the file has outgrown is made again', async () => {
  const site = await startPages();
  const runner = await openCommandRunner();
  const args = [
    'crawl',
    site.url,
    '--crawl',
    'old',
    '--quiet',
    '--limit',
    '20',
    '--warc',
    runner.path('warc'),
  ];
  await runner.run(args);
  const [path = ''] = await warcPaths(runner.path('warc'));
  const whole = await readFile(`${path}.cdxj`, 'utf8');
  await writeFile(`${path}.cdxj`, whole.slice(0, whole.indexOf('\n') + 1));
  const [old, older] = [new Date(Date.now() - 60_000), new Date(Date.now() - 90_000)];
  await utimes(path, old, old);
  await utimes(`${path}.cdxj`, older, older);
  const { code, stderr } = await runner.run(['archive', 'old', '-o', runner.path('old.wacz')]);
  assert.equal(code, 0, stderr);
  assert.equal(await readFile(`${path}.cdxj`, 'utf8'), whole);
});

test('a directory that cannot be written ends the command, and the next goes on', async () => {
  const site = await startPages();
  const runner = await openCommandRunner();
  const directory = runner.path('warc');
  await writeFile(directory, ''); // a file where the directory should be
  const args = ['crawl', site.url, '--crawl', 'wait', '--quiet', '--limit', '20', '--warc', directory];
  const failed = await runner.run(args);
  assert.equal(failed.code, 2);
  assert.match(failed.stderr, /E_FILE/);
  await rename(directory, runner.path('moved'));
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const records = await readWarcs(await warcPaths(directory));
  const pages = new Set(records.filter(({ type }) => type === 'response').map(({ url }) => url));
  assert.equal(pages.size, 20 + 1); // and robots.txt
});
