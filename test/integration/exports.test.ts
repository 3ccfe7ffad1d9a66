// drover results and items to every format by the ending of -o: complete or not at all, whatever ends them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse as parseYaml } from 'yaml';
import { recordJson } from '../../src/records/line.ts';
import { type CommandRunner, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { bundledDrover } from '../support/project/bundle.ts';
import { recordOf } from '../support/records/odd-records.ts';
import { until } from '../support/signals.ts';
import { answerOf, startRaw } from '../support/site/hostile.ts';

const latin = Buffer.from('<html lang=fr><title>Été</title><p>un été</p>', 'latin1');
const article = `<title>Wool</title><link rel=canonical href=/w><article><h1>Wool</h1>${'<p>All about wool, and <a href="/b">more of it</a> for whoever wants it.</p>'.repeat(9)}</article>`;
// biome-ignore format: one line a row
const pages: Record<string, [type: string, body: string | Buffer, status?: string]> = {
  '/': ['text/html', article],
  '/b': ['text/html', '<title>=1+1, "b"\n@</title>Short'],
  '/latin': ['text/html; charset=iso-8859-1', latin],
  '/data.json': ['application/json', '{"a":1}'],
  '/file.pdf': ['application/pdf', Buffer.from([0x25, 0x50, 0, 0xff])],
  '/note.txt': ['text/plain', '-1\0'],
  '/gone': ['text/html', 'Gone', '410 Gone'],
};
const handlers = `export default [{ name: 'h', match: { url: '/*' }, run({ emit, page }) {
  emit({ url: page.url, size: page.text.length, price: 1.5, tags: ['a', 'b'], mixed: page.text.length % 2 ? 1 : 'x', '=f': '=1' }); } }];`;

async function crawl(): Promise<{ runner: CommandRunner; url: string }> {
  const site = await startRaw((socket, head) => {
    const [type, body, status] = pages[head.split(' ', 2)[1] ?? ''] ?? ['text/plain', '', '404 Not Found'];
    socket.write(answerOf(body, { 'Content-Type': type }, status));
  });
  after(() => site.close());
  const runner = await openCommandRunner();
  await writeFile(runner.path('h.mjs'), handlers);
  const seeds = Object.keys(pages).map((path) => `${site.url.replace(/\/$/, '')}${path}`);
  const how = ['--depth', '0', '--attempts', '1', '--quiet', '--handler', runner.path('h.mjs')];
  for (const [name, body] of [
    ['t', 'text'],
    ['b', 'base64'],
  ] as const)
    await runner.run([
      'crawl',
      ...seeds,
      '--crawl',
      name,
      '--body',
      body,
      ...how,
      '-o',
      runner.path(`${name}.jsonl`),
    ]);
  return { runner, url: site.url.replace(/\/$/, '') };
}
const crawled = crawl();
const program = bundledDrover();

async function exported(args: string[], name: string): Promise<{ path: string; stderr: string }> {
  const { runner } = await crawled;
  const path = runner.path(name);
  const { code, stderr } = await runner.run([...args, '-o', path]);
  assert.equal(code, 0, stderr);
  return { path, stderr };
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  return rows as Record<string, unknown>[];
}

test('every ending gives its format, with the same records', async () => {
  const { runner } = await crawled;
  const records = await recordsOf(runner.path('t.jsonl'));
  assert.equal(records.length, Object.keys(pages).length);
  const array = await exported(['results', 't'], 'a.json');
  assert.match(array.stderr, /^7 records of crawl t in .*a\.json\n$/);
  assert.deepEqual(JSON.parse(await readFile(array.path, 'utf8')), records);
  const lines = (text: Buffer) =>
    text
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const zst = await exported(['results', 't'], 'a.ndjson.zst');
  assert.deepEqual(lines(zstdDecompressSync(await readFile(zst.path))), records);
  const gz = await exported(['results', 't', '--format', 'jsonl'], 'any.name.gz');
  assert.deepEqual(lines(gunzipSync(await readFile(gz.path))), records);
  const csv = await exported(['results', 't', '--failed', '--fields', 'url,status,ok'], 'a.csv');
  assert.match(csv.stderr, /^1 of 7 records of crawl t/);
  assert.match(await readFile(csv.path, 'utf8'), /^url,status,ok\r\nhttp:\S+\/gone,410,false\r\n$/);
  const parquet = await exported(['results', 't'], 'a.parquet');
  assert.deepEqual(
    await query(`SELECT url, status::INT AS status, title, body, sha256 FROM '${parquet.path}'`),
    records.map(({ url, status, title, body, sha256 }) => ({ url, status, title, body, sha256 })),
  );
  const piped = await runner.run(['results', 't', '--format', 'json', '--ok', '--type', 'application/*']);
  assert.equal(JSON.parse(piped.stdout).length, 2);
});

test('Markdown: a file for each page of text, with front matter, names that stay, and an index', async () => {
  const { url } = await crawled;
  const { path, stderr } = await exported(['results', 'b'], 'pages.md');
  assert.match(
    stderr,
    /^4 of 7 records of crawl b in .*; (1 failed; 2 are no pages of text|2 are no pages of text; 1 failed)\n$/,
  );
  const index = await readFile(join(path, 'index.md'), 'utf8');
  const files = [...index.matchAll(/^- \[(.*)\]\((pages\/\S+\.md)\): <(\S+)>$/gm)].map(
    ([, title, file, page]) => ({ title, file: String(file), page }),
  );
  assert.deepEqual(
    files.map(({ title }) => title).sort(),
    ['=1+1, "b" @', `${url}/note.txt`, 'Wool', 'Été'].sort(),
  );
  const contents = await Promise.all(files.map(({ file }) => readFile(join(path, file), 'utf8')));
  const byUrl = new Map(
    contents.map((text) => {
      const [, head = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
      const front = parseYaml(head) as Record<string, string | null>;
      return [front.url?.slice(url.length), { front, body }];
    }),
  );
  const wool = byUrl.get('/');
  const { title, canonical, content, date, language } = wool?.front ?? {};
  assert.deepEqual(
    { title, canonical, content, language },
    { title: 'Wool', canonical: `${url}/w`, content: 'main', language: 'en' },
  );
  assert.match(date ?? '', /^\d{4}-\d\d-\d\dT/);
  assert.match(
    wool?.body ?? '',
    new RegExp(`^\\n# Wool\\n[^]*\\[more of it\\]\\(${RegExp.escape(url)}/b\\)`),
  );
  assert.equal(byUrl.get('/latin')?.front.title, 'Été');
  assert.match(byUrl.get('/latin')?.body ?? '', /un été/);
  assert.match(byUrl.get('/note.txt')?.body ?? '', /-1/);
  assert.equal(byUrl.get('/b')?.front.title?.replace(/\s+/g, ' '), '=1+1, "b" @');
  const again = await exported(['results', 't', '--format', 'markdown'], 'again');
  const names = (index: string) => [...index.matchAll(/pages\/\S+\.md/g)].map(String).sort();
  assert.deepEqual(names(await readFile(join(again.path, 'index.md'), 'utf8')), names(index));
});

test('bodies: the bytes of each answer under the ending of its type, or its text; the manifest says which', async () => {
  for (const [name, count] of [
    ['b', 7],
    ['t', 6],
  ] as const) {
    const { path } = await exported(['results', name, '--format', 'bodies'], `bodies-${name}`);
    const manifest = (await readFile(join(path, 'manifest.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(manifest.length, count);
    for (const { file, is, url, sha256 } of manifest) {
      const bytes = await readFile(join(path, file));
      assert.equal(hash('sha256', bytes, 'hex') === sha256, is === 'answer', url);
      assert.equal(is, name === 't' && url.endsWith('/latin') ? 'text' : 'answer');
      const ending = url.endsWith('.json')
        ? 'json'
        : url.endsWith('.pdf')
          ? 'pdf'
          : url.endsWith('.txt')
            ? 'txt'
            : 'html';
      assert.ok(file.endsWith(`.${ending}`), file);
    }
  }
});

test('items in every form, with types in Parquet', async () => {
  const csv = await exported(['items', 't'], 'items.csv');
  assert.match(await readFile(csv.path, 'utf8'), /^url,handler,item\.url,size,price,tags,mixed,"'=f"\r\n/);
  const { path } = await exported(['items', 't'], 'items.parquet');
  const types = await query(`DESCRIBE SELECT * FROM '${path}'`);
  assert.deepEqual(
    types.map(({ column_name, column_type }) => `${column_name} ${column_type}`),
    [
      'url VARCHAR',
      'handler VARCHAR',
      'item.url VARCHAR',
      'size BIGINT',
      'price DOUBLE',
      'tags VARCHAR[]',
      'mixed JSON',
      '=f VARCHAR',
    ],
  );
  const json = await exported(['items', 't'], 'items.json.gz');
  const items = JSON.parse(gunzipSync(await readFile(json.path)).toString()) as { item: { size: number } }[];
  const [{ sum } = {}] = await query(`SELECT sum(size)::INT AS sum FROM '${path}'`);
  assert.equal(
    sum,
    items.reduce((total, { item }) => total + item.size, 0),
  );
});

test('what cannot be written is refused before anything begins, and says what to do', async () => {
  const { runner } = await crawled;
  await mkdir(runner.path('mine/inner'), { recursive: true });
  await writeFile(runner.path('plain'), 'x');
  const rows: [args: string[], says: RegExp][] = [
    [['results', 't', '-o', runner.path('a.xlsx')], /drover writes no such format.*E_USAGE/s],
    [['results', 't', '--format', 'bodies'], /give its name with -o/],
    [['results', 't', '--format', 'bodies', '--overwrite', '-o', runner.path('mine')], /not made by drover/],
    [
      ['results', 't', '--format', 'markdown', '-o', runner.path('plain')],
      /is a file, and this format makes a directory/,
    ],
    [['results', 't', '--fields', 'url', '-o', runner.path('f.md')], /--fields: markdown has none/],
    [['items', 't', '-o', runner.path('items.md')], /items are written as jsonl, json, csv or parquet/],
    [['crawl', 'http://127.0.0.1:1/', '-o', runner.path('c.parquet.gz')], /compressed within/],
  ];
  for (const [args, says] of rows) {
    const { code, stderr } = await runner.run(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, says);
  }
  await exported(['results', 't', '--format', 'bodies'], 'twice');
  assert.equal(
    (await runner.run(['results', 't', '--format', 'bodies', '-o', runner.path('twice')])).code,
    2,
  );
  await exported(['results', 'b', '--overwrite', '--format', 'bodies'], 'twice');
  assert.equal(
    (
      await readdir(
        join(runner.path('twice'), 'bodies', (await readdir(join(runner.path('twice'), 'bodies')))[0] ?? ''),
      )
    ).length,
    7,
  );
});

const rest = async (dir: string) =>
  (await readdir(dir)).filter((name) => /\.(tmp|lock)/.test(name) || name.startsWith('big'));

test('an export that a signal or a full disk ends leaves nothing behind, and the former file as it was', async () => {
  const { runner } = await crawled;
  const folder = (await readdir(runner.path('data/records'))).find((name) => name.startsWith('t')) ?? '';
  const segment = (await readdir(runner.path(`data/records/${folder}`)))[0] ?? '';
  const lines = Array.from({ length: 40_000 }, (_, number) => {
    const record = recordOf(number + 10_000, { body: `<p>${'word '.repeat(200)}`, links: [] });
    return `${record.id} 0 ${recordJson(record)}\n`;
  });
  await appendFile(runner.path(`data/records/${folder}/${segment}`), lines.join(''));
  const out = runner.path('out');
  await mkdir(out);
  for (const [name, signal] of [
    ['big.parquet', 'SIGTERM'],
    ['big.csv.gz', 'SIGINT'],
    ['big.md', 'SIGTERM'],
  ] as const) {
    const running = runner.start(['results', 't', '-o', join(out, name)]);
    await until(async () => (await readdir(out)).some((each) => each.endsWith('.tmp')), {
      what: `${name} to begin`,
      deadlineMs: 30_000,
    });
    running.kill(signal);
    assert.equal((await running.exit).code, 130, running.stderr());
    assert.deepEqual(await rest(out), [], name);
  }
  await writeFile(join(out, 'big.jsonl'), 'former');
  const args = [program, 'results', 't', '--overwrite', '-o', join(out, 'big.jsonl')];
  const limited = spawnSync('bash', ['-c', 'ulimit -f 20000 && exec "$0" "$@"', process.execPath, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, DROVER_DATA_DIR: runner.path('data') },
  });
  assert.equal(limited.status, 2, limited.stderr);
  assert.match(limited.stderr, /big\.jsonl: EFBIG.*\(E_FILE\)/s);
  assert.equal(await readFile(join(out, 'big.jsonl'), 'utf8'), 'former');
  assert.deepEqual(await rest(out), ['big.jsonl']);
});
