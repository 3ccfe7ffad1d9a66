// robots.txt files in odd character sets, as servers send them: rules and URLs are compared by octets. Each
// row is one host with its rules. One command crawls them all, and what was asked of them is looked at.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf8 = (text: string) => Buffer.from(text);

/** What is tried; the lines for everybody, as bytes; paths that are refused; paths that are fetched. */
type Row = [what: string, lines: Buffer, refused: string[], fetched: string[]];

// biome-ignore format: one line a row
const rows: Row[] = [
  ['Latin-1', latin1('Disallow: /caf\xe9/'), ['/caf%E9/x', '/caf%e9/'], ['/caf%C3%A9/x', '/caf/']],
  ['UTF-8', utf8('Disallow: /café/'), ['/caf%C3%A9/x', '/café/y'], ['/caf%E9/x']],
  ['windows-1251', latin1('Disallow: /\xea\xe0\xf2\xe0\xeb\xee\xe3/'), ['/%EA%E0%F2%E0%EB%EE%E3/'], ['/%EA%E0']],
  ['Shift_JIS', latin1('Disallow: /\x93\xfa\x96\x7b'), ['/%93%FA%96%7B', '/%93%FA%96{'], ['/%93%FA']],
  ['a wildcard before octets', latin1('Disallow: /*\xe9$'), ['/a/b%E9'], ['/a/b%E9c', '/a/b%C3%A9']],
  ['octets in a query', latin1('Disallow: /*?q=\xef'), ['/s?q=%EF', '/t?q=%EF%F0'], ['/s?q=%D0%BF']],
  ['the longer Allow', latin1('Disallow: /\xe9\nAllow: /\xe9\xe8'), ['/%E9', '/%E9a'], ['/%E9%E8']],
  ['a last octet that is white space elsewhere', utf8('Disallow: /à'), ['/%C3%A0'], ['/%C3']],
  ['an escaped octet in the file', latin1('Disallow: /caf%e9'), ['/caf%E9'], ['/caf%C3%A9']],
  ['a file of more than 4 kB', latin1(`#${'\xe9'.repeat(9000)}\nDisallow: /\xe9`), ['/%E9'], ['/%C3%A9']],
];

let runner: CommandRunner;
let servers: RawServer[];
let records: Map<string, CrawlRecord>;

before(
  async () => {
    servers = await Promise.all(
      rows.map(([, lines]) =>
        startRaw((socket, head) => {
          const isRobots = head.startsWith('GET /robots.txt ');
          const rules = Buffer.concat([Buffer.from('User-agent: *\n'), lines]);
          socket.write(
            isRobots
              ? answerOf(rules, { 'Content-Type': 'text/plain' })
              : answerOf('<p>', { 'Content-Type': 'text/html' }),
          );
        }),
      ),
    );
    runner = await openCommandRunner();
    const urls = rows.flatMap(([, , refused, fetched], row) =>
      [...refused, ...fetched].map((path) => urlOf(row, path)),
    );
    await writeFile(runner.path('list.txt'), urls.map((url) => `${url}\n`).join(''));
    await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'odd', '--depth', '0', '--quiet']);
    records = new Map((await runner.results('odd')).map((record) => [record.url, record]));
  },
  { timeout: 60_000 },
);

after(() => Promise.all(servers.map((server) => server.close())));

const urlOf = (row: number, path: string) => `${servers[row]?.url.slice(0, -1)}${path}`;
const recordOf = (row: number, path: string) =>
  records.get(new URL(urlOf(row, path)).href.replace('%e9', '%E9').replace('{', '%7B'));

for (const [row, [what, , refused, fetched]] of rows.entries())
  test(`${what}: ${refused.join(' ')} refused, ${fetched.join(' ')} fetched`, () => {
    for (const path of refused) assert.equal(recordOf(row, path)?.error?.code, 'E_ROBOTS', path);
    for (const path of fetched) assert.equal(recordOf(row, path)?.status, 200, path);
    const asked = servers[row]?.requests.filter((head) => !head.startsWith('GET /robots.txt ')) ?? [];
    assert.equal(asked.length, fetched.length, 'what is refused is never asked for');
  });

test('another process finds the octets in Redis, and shows the rule as text', async () => {
  const { stdout } = await runner.run(['explain', urlOf(0, '/caf%E9/z')]);
  assert.match(stdout, /Disallow:\s+\/café\//);
  const last = rows.length - 1;
  const { stdout: long } = await runner.run(['explain', urlOf(last, '/%E9y')]);
  assert.match(long, /line 3: Disallow:\s+\/é\)/);
});
