// Compressed bodies that are not in order: the page where all of its data came, else an error, and never less
// than what was sent. Each row of the table is sent by a real server, small and large, to the program.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import zlib from 'node:zlib';
import { codingsOf } from '../../src/fetch/body/content-coding.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { closing } from '../support/fetching.ts';
import { answerWith, halves, skippable, startAnswering } from '../support/site/coded-answers.ts';
import type { RawServer } from '../support/site/hostile.ts';
import { oddBodies } from '../support/site/odd-bodies.ts';

/** Of one kind, a body is decoded in one call, of the other in pieces. */
const texts = { small: 'hello, world. '.repeat(1000), large: randomBytes(160_000).toString('hex') };
const patience = { timeout: 120_000 };

test(
  'each row of the table becomes what it says, in the records and the dead letters',
  patience,
  async (t) => {
    const cases = oddBodies.flatMap((row) =>
      Object.entries(texts).map(([size, text]) => ({ row, size, text })),
    );
    const server = closing(
      t,
      await startAnswering((path) => {
        const { row, text } = cases[Number(path.slice(1))] as (typeof cases)[number];
        return { bytes: answerWith(row.coding, row.encode(text), row.framing, 30_000), framing: row.framing };
      }),
    );
    const runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), cases.map((_, index) => `${server.url}${index}\n`).join(''));
    const patiently = ['--attempts', '2', '--backoff', '20', '--per-host', '10', '--no-adaptive'];
    await runner.run([
      ...['crawl', runner.path('list.txt'), '--crawl', 'odd', '--depth', '0', '--quiet', '--ignore-robots'],
      ...patiently,
    ]);
    const records = new Map((await runner.results('odd')).map((record) => [record.url, record]));
    const asked = Map.groupBy(server.requests, (head) => head.split(' ')[1]);
    const wrong = cases.flatMap(({ row, size, text }, index) => {
      const record = records.get(`${server.url}${index}`);
      const became = outcomeOf(record, text);
      const attempts = asked.get(`/${index}`)?.length;
      const due = row.becomes === 'E_BODY_TRUNCATED' ? 2 : 1;
      if (became === row.becomes && attempts === due) return [];
      return [
        `${row.coding}: ${row.what}, ${size}: ${became} in ${attempts} attempts, not ${row.becomes} in ${due}`,
      ];
    });
    assert.deepEqual(wrong, []);
  },
);

function outcomeOf(record: CrawlRecord | undefined, text: string): string {
  if (!record) return 'no record';
  if (!record.ok) return record.error?.code ?? 'no code';
  return record.body === text ? 'whole' : `a body of ${record.body?.length} instead of ${text.length}`;
}

test('robots.txt and sitemaps are read whole in each coding, or not at all', patience, async (t) => {
  const robots = 'User-agent: *\nAllow: /\nDisallow: /private\n';
  const frames = (text: string) => Buffer.concat(halves(text).map((part) => zlib.zstdCompressSync(part)));
  const withNote = (text: string) => Buffer.concat([skippable(Buffer.from('note')), frames(text)]);
  const untrailed = (text: string) => zlib.gzipSync(text).subarray(0, -8);
  const runner = await openCommandRunner();
  for (const [coding, encode, expected] of [
    ['zstd', frames, ['E_ROBOTS', 'ok', 'ok']],
    ['zstd', withNote, ['E_ROBOTS', 'ok', 'ok']],
    ['gzip', untrailed, ['E_ROBOTS', 'ok', 'ok']],
    [
      'gzip',
      (text: string) => zlib.gzipSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
      ['E_ROBOTS', 'ok', 'ok'],
    ],
    ['foo', (text: string) => Buffer.from(text), ['E_ROBOTS_UNREACHABLE']],
  ] as const) {
    const server: RawServer = closing(
      t,
      await startAnswering((path) => {
        const text = path === '/robots.txt' ? robots : path === '/sitemap.xml' ? sitemapOf(server.url) : null;
        return { bytes: answerWith(text ? coding : '', text ? encode(text) : Buffer.from('page')) };
      }),
    );
    const name = `c${server.port}`;
    await runner.run([
      ...['crawl', `${server.url}sitemap.xml`, '--sitemap', `${server.url}sitemap.xml`, '--crawl', name],
      ...['--quiet', '--attempts', '1', '--depth', '0'],
    ]);
    const records = await runner.results(name);
    const ends = records.map(({ ok, error }) => (ok ? 'ok' : (error?.code ?? ''))).sort();
    assert.deepEqual(ends, expected, `${coding} ${encode}`);
  }
});

/** A sitemap of two pages, far enough apart to be in different parts of its compressed data. */
function sitemapOf(site: string): string {
  const filler = `<!-- ${randomBytes(3000).toString('hex')} -->`;
  return `<urlset><url><loc>${site}first</loc></url>${filler}<url><loc>${site}private</loc></url></urlset>`;
}

test('a list of codings is read in any form, and every name is a known or an unknown one', () => {
  assert.deepEqual(codingsOf('GZIP ,\tbr,identity,, x-Gzip'), { known: ['gzip', 'br', 'gzip'], unknown: [] });
  assert.deepEqual(codingsOf('dcb, gzip, x-compress'), { known: ['gzip'], unknown: ['dcb', 'x-compress'] });
  assert.deepEqual(codingsOf('iso-8859-1, text/html, 8bit'), { known: [], unknown: [] });
  assert.deepEqual(codingsOf(undefined), { known: [], unknown: [] });
});
