// WARC files and WACZ of real crawls, read by programs that share no code with drover: warcio, GNU wget and
// unzip.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { CrawlRecord } from '../../src/record.ts';
import { faultsOf, type ReadRecord, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { startArchivedSite } from '../support/archives/site.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const warcio = fileURLToPath(new URL('../../node_modules/warcio/dist/cli.js', import.meta.url));

async function crawl() {
  const site = await startArchivedSite();
  after(() => site.close());
  const runner = await openCommandRunner();
  const args = ['crawl', site.url, '--crawl', 'site', '--quiet', '--attempts', '1', '--max-bytes', '3MB'];
  const secrets = ['--header', 'x-api-key: s3cret', '--header', 'cookie: session=s3cret'];
  const { stderr } = await runner.run([...args, ...secrets, '--warc', runner.path('warc')]);
  const paths = await warcPaths(runner.path('warc'));
  const records = await readWarcs(paths);
  const last = (type: string, path: string): ReadRecord => {
    const found = records.findLast(
      (record) => record.type === type && record.url === new URL(path, site.url).href,
    );
    assert.ok(found, `no ${type} of ${path}`);
    return found;
  };
  return { site, runner, paths, records, last, stderr };
}
const crawled = crawl();

test('every exchange is there, once, with digests and lengths that another reader finds right', async () => {
  const { site, paths, records } = await crawled;
  assert.equal(paths.length, 1);
  assert.deepEqual(faultsOf(records), []);
  assert.equal(records[0]?.type, 'warcinfo');
  const of = (...types: string[]) => records.filter(({ type }) => types.includes(type));
  const wanted = site.requests.map((line) => line.split(' ')[2]).sort();
  assert.deepEqual(
    of('request')
      .map(({ url }) => new URL(url ?? '').pathname)
      .sort(),
    wanted,
  );
  assert.deepEqual(
    of('response', 'revisit')
      .map(({ url }) => new URL(url ?? '').pathname)
      .sort(),
    wanted,
  );
  assert.equal(of('metadata').length, wanted.length);
  const answers = new Map(
    of('response', 'revisit').map((record) => [record.field('WARC-Record-ID'), record.url]),
  );
  for (const { field, url } of of('request', 'metadata'))
    assert.equal(answers.get(field('WARC-Concurrent-To')), url);
  for (const { field } of of('request', 'response', 'revisit')) {
    assert.equal(field('WARC-IP-Address'), '127.0.0.1');
    assert.equal(field('WARC-Protocol'), 'http/1.1');
    assert.equal(field('WARC-Warcinfo-ID'), records[0]?.field('WARC-Record-ID'));
  }
});

test('content coding stays, transfer coding is undone and its header renamed', async () => {
  const { last } = await crawled;
  const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
  for (const [coding, decode] of Object.entries(decoders)) {
    const { head, payload } = last('response', `/${coding}`);
    assert.match(head, new RegExp(`^content-encoding: ${coding}$`, 'im'));
    assert.match(decode(payload).toString(), new RegExp(`<title>${coding}</title>`));
  }
  const { head, payload } = last('response', '/chunked');
  assert.match(head, /^X-Archive-Orig-Transfer-Encoding: chunked$/im);
  assert.doesNotMatch(head, /^transfer-encoding/im);
  assert.match(payload.toString(), /first <\/body><\/html>second$/);
});

test('204, 304, redirects, errors and a body cut off at the limit are what they were', async () => {
  const { last, records } = await crawled;
  const status = (path: string) => last('response', path).head.split('\r\n', 1)[0];
  assert.equal(status('/empty'), 'HTTP/1.1 204 No Content');
  assert.equal(status('/unchanged'), 'HTTP/1.1 304 Not Modified');
  assert.equal(status('/moved'), 'HTTP/1.1 301 Moved Permanently');
  assert.equal(last('response', '/moved').payload.toString(), 'moved');
  assert.equal(status('/moved/2'), 'HTTP/1.1 200 OK');
  assert.equal(status('/gone'), 'HTTP/1.1 404 Not Found');
  assert.equal(status('/forbidden'), 'HTTP/1.1 403 Forbidden');
  const large = last('response', '/large');
  assert.equal(large.field('WARC-Truncated'), 'length');
  assert.ok(
    large.payload.length >= 3_000_000 && large.payload.length < 5_000_000,
    String(large.payload.length),
  );
  const truncated = records.filter(
    ({ type, field }) => type === 'response' && field('WARC-Truncated') !== null,
  );
  assert.equal(truncated.length, 1);
  assert.match(last('metadata', '/moved/2').block.toString(), /^via: .*\/moved\r\nhopsFromSeed: LR\r\n/);
  assert.match(last('metadata', '/robots.txt').block.toString(), /hopsFromSeed: P\r\n/);
});

test('the same payload again is a revisit record that names the first', async () => {
  const { records, site } = await crawled;
  const [revisit, ...more] = records.filter(({ type }) => type === 'revisit');
  assert.ok(revisit && more.length === 0);
  const same = /\/same\/[12]$/;
  const first = records.find(({ type, url }) => type === 'response' && same.test(url ?? ''));
  assert.ok(first && revisit.url !== first.url && same.test(revisit.url ?? ''), site.url);
  assert.match(revisit.field('WARC-Profile') ?? '', /warc\/1\.1\/revisit\/identical-payload-digest$/);
  assert.equal(revisit.field('WARC-Refers-To-Target-URI'), first.url);
  assert.equal(revisit.field('WARC-Refers-To-Date'), first.field('WARC-Date'));
  assert.equal(revisit.field('WARC-Refers-To'), first.field('WARC-Record-ID'));
  assert.equal(revisit.field('WARC-Payload-Digest'), first.field('WARC-Payload-Digest'));
  assert.equal(revisit.field('WARC-Truncated'), 'length');
  assert.equal(revisit.payload.length, 0);
});

test('requests are as they were sent, without what may be a secret', async () => {
  const { records, last } = await crawled;
  const { head } = last('request', '/gzip');
  assert.match(head, /^GET \/gzip HTTP\/1\.1\r\n/);
  assert.match(head, /^host: 127\.0\.0\.1:\d+$/im);
  assert.match(head, /^accept-encoding: gzip, br, deflate$/im);
  assert.match(head, /^x-api-key: \[redacted\]$/im);
  assert.match(head, /^cookie: \[redacted\]$/im);
  assert.ok(records.every(({ block }) => !block.includes('s3cret')));
});

test('the index names every answer as the one that warcio makes', async () => {
  const { paths } = await crawled;
  const [path = ''] = paths;
  const own = (await readFile(`${path}.cdxj`, 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    own,
    own.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  const theirs = execFileSync(process.execPath, [warcio, 'cdx-index', '--format', 'cdxj', path], {
    encoding: 'utf8',
  });
  const parse = (line: string) => {
    const [, surt, time = '', json = ''] = /^(\S+) (\d+) (.*)$/.exec(line) ?? [];
    const { digest = '', filename: _, ...entry } = JSON.parse(json);
    return JSON.stringify(
      [surt, time.slice(0, 14), { ...entry, digest: digest.replace(/^sha256:/, '') }],
      sorted,
    );
  };
  assert.deepEqual(own.map(parse).sort(), theirs.trimEnd().split('\n').map(parse).sort());
});

/** Writes the keys of objects in order. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('GNU wget archives as many answers of the same site', async (t) => {
  if (spawnSync('wget', ['--version']).error) return t.skip('there is no wget');
  const { site, records } = await crawled;
  const directory = await temporaryDirectory('wget');
  // wget keeps no record of a 204, and waits for the body of a 304 until the connection ends.
  const leftOut = /large|shown|empty|unchanged/;
  const own = (kept: ReadRecord[]) =>
    kept
      .filter(({ type, url }) => (type === 'response' || type === 'revisit') && !leftOut.test(url ?? ''))
      .map(({ url, head }) => `${url?.replace(/[<>]/g, '')} ${head.slice(9, 12)}`)
      .sort();
  const args = [
    '-q',
    '--recursive',
    '--level=inf',
    '--warc-file=wget',
    `--reject-regex=${leftOut.source}`,
    '--no-warc-keep-log',
  ];
  // Its exit code says that some answers were errors.
  await new Promise((resolve) =>
    execFile('wget', [...args, '--delete-after', site.url], { cwd: directory, timeout: 20_000 }, resolve),
  );
  const theirs = (await readWarcs([join(directory, 'wget.warc.gz')])).filter(
    ({ type }) => type === 'response',
  );
  assert.deepEqual(own(records), own(theirs));
});

test('drover archive packs one file, with digests of all that is in it', async () => {
  const { runner, paths } = await crawled;
  const file = runner.path('site.wacz');
  const { code, stderr } = await runner.run(['archive', 'site', '-o', file]);
  assert.equal(code, 0, stderr);
  const listed = execFileSync('unzip', ['-v', file], { encoding: 'utf8' });
  assert.ok(
    listed
      .split('\n')
      .filter((line) => /\d\d:\d\d/.test(line))
      .every((line) => / Stored /.test(line)),
    listed,
  );
  const member = (name: string) => execFileSync('unzip', ['-p', file, name], { maxBuffer: 1e9 });
  const hashOf = (name: string) => `sha256:${createHash('sha256').update(member(name)).digest('hex')}`;
  const about = JSON.parse(member('datapackage.json').toString());
  assert.equal(about.wacz_version, '1.1.1');
  assert.deepEqual(
    about.resources.map(({ path }: { path: string }) => path),
    [`archive/${paths[0]?.split('/').at(-1)}`, 'indexes/index.cdxj', 'pages/pages.jsonl'],
  );
  for (const { path, hash, bytes } of about.resources) {
    assert.equal(hash, hashOf(path));
    assert.equal(bytes, member(path).length);
  }
  const digest = JSON.parse(member('datapackage-digest.json').toString());
  assert.deepEqual(digest, { path: 'datapackage.json', hash: hashOf('datapackage.json') });
  const [header, ...pages] = member('pages/pages.jsonl')
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(header.format, 'json-pages-1.0');
  const ok = (await runner.results('site')).filter(
    (record) => record.ok && /html/.test(record.contentType ?? ''),
  );
  assert.deepEqual(pages.map(({ url }) => url).sort(), ok.map(({ url }) => url).sort());
  assert.equal(about.mainPageUrl, pages.find(({ seed }) => seed).url);
  const again = await runner.run(['archive', 'site', '-o', file]);
  assert.match(again.stderr, /E_FILE_EXISTS/);
  assert.deepEqual(
    (await readdir(runner.dir)).filter((name) => /tmp|lock/.test(name)),
    [],
  );
});

test('a crawl without an archive cannot be packed', async () => {
  const { runner, site } = await crawled;
  await runner.run(['crawl', site.url, '--depth', '0', '--crawl', 'bare', '--quiet']);
  const { code, stderr } = await runner.run(['archive', 'bare', '-o', runner.path('bare.wacz')]);
  assert.equal(code, 2);
  assert.match(stderr, /E_WARC_NONE/);
});

test('--requisites: what pages show is fetched, at other hosts too, labelled and not followed', async () => {
  const site = await startArchivedSite([]);
  after(() => site.close());
  const runner = await openCommandRunner();
  const args = ['crawl', site.url, '--crawl', 'shown', '--quiet', '--allow-private', '127.0.0.0/8'];
  const flags = ['--allow-private', '::1', '--exclude', '*/code.js', '--exclude', '**/code.js'];
  const { code, stderr } = await runner.run([...args, ...flags, '--requisites']);
  assert.equal(code, 0, stderr);
  const of = (record: CrawlRecord) =>
    `${record.label} ${record.depth} ${record.url.replace(/^http:\/\/([^:]*):\d+/, '$1')}`;
  const found = (await runner.results('shown')).map(of).sort();
  assert.deepEqual(found, [
    'null 0 127.0.0.1/',
    'null 1 127.0.0.1/shown',
    'requisite 1 127.0.0.1/background.svg',
    'requisite 1 127.0.0.1/css/deep.css',
    'requisite 1 127.0.0.1/css/inline.css',
    'requisite 1 127.0.0.1/css/main.css',
    'requisite 1 127.0.0.1/picture.svg',
    'requisite 1 localhost/far.svg?v=1',
  ]);
  assert.ok(
    site.requests.some((line) => /localhost:\d+ \/robots\.txt$/.test(line)),
    'the other host is asked',
  );
});

test('a 304 to a conditional request is a revisit record; one that nobody asked for is a response', async () => {
  const { site, runner, last } = await crawled;
  assert.equal(last('response', '/unchanged').field('WARC-Profile'), null);
  const args = ['crawl', `${site.url}unchanged`, '--depth', '0', '--crawl', 'asked', '--quiet'];
  await runner.run([...args, '--header', 'if-none-match: "1"', '--warc', runner.path('asked')]);
  const records = await readWarcs(await warcPaths(runner.path('asked')));
  const revisit = records.find(({ type }) => type === 'revisit');
  assert.match(revisit?.field('WARC-Profile') ?? '', /warc\/1\.1\/revisit\/server-not-modified$/);
  assert.match(revisit?.head ?? '', /^HTTP\/1\.1 304 /);
});
