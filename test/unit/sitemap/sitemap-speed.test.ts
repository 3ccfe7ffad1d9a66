// Large and hostile sitemaps: how long reading takes, how long it holds the event loop, and what stays in
// memory.
import assert from 'node:assert/strict';
import test from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import zlib from 'node:zlib';
import { type SitemapFacts, SitemapReader } from '../../../src/sitemap/sitemap.ts';
import {
  entry,
  MiB,
  manyEntries,
  millisecondsOf,
  read,
  sound,
  staysBelow,
  urlsOf,
} from '../../support/sitemaps.ts';

const around = (inner: string) => `<urlset>${entry('/1')}${inner}${entry('/2')}</urlset>`;
const hostile: [name: string, body: () => string][] = [
  [
    'a million elements, one inside the other',
    () => around(`<url>${'<a>'.repeat(1e6)}${'</a>'.repeat(1e6)}</url>`),
  ],
  ['a million elements that are not closed', () => around(`<url>${'<a>'.repeat(1e6)}</url>`)],
  [
    'a million end tags that have no start tag',
    () => around(`<url>${'<a>'.repeat(1e6)}${'</b>'.repeat(1e6)}</url>`),
  ],
  ['a million entries that are not closed', () => around('<url>'.repeat(1e6))],
  ['a million attributes', () => around(`<url><loc ${'a="b" '.repeat(1e6)}>/x</loc></url>`)],
  [
    'a hundred thousand prefixes',
    () =>
      around(
        `<url ${Array.from({ length: 1e5 }, (_, i) => `xmlns:a${i}="http://www.sitemaps.org/schemas/sitemap/0.9"`).join(' ')}></url>`,
      ),
  ],
  ['a URL of 50 MiB', () => around(entry('x'.repeat(50 * MiB - 200)))],
  ['a CDATA section of 20 MiB', () => around(entry(`<![CDATA[${']'.repeat(20 * MiB)}]]>`))],
  ['an attribute of 20 MiB', () => around(`<url a="${'x'.repeat(20 * MiB)}"></url>`)],
  ['a name of 20 MiB', () => around(`<${'x'.repeat(20 * MiB)}/>`)],
  ['a reference of 20 MiB', () => around(entry(`&#${'0'.repeat(20 * MiB)}38;`))],
  ['ten million &', () => around(entry('&'.repeat(1e7)))],
  ['ten million <', () => around('<'.repeat(1e7))],
  ['a comment of ten million dashes', () => around(`<!--${'-'.repeat(1e7)}>`)],
  ['a DOCTYPE of ten million brackets', () => `<!DOCTYPE ${'['.repeat(1e7)}>]${around('')}`],
  ['three million lines', () => `http://h.example/1\n${'#\n'.repeat(3e6)}http://h.example/2`],
];

for (const [name, body] of hostile) {
  test(`${name}: read in linear time, with the entries around`, async () => {
    const bytes = Buffer.from(body());
    let facts: SitemapFacts | undefined;
    const took = await millisecondsOf(async () => {
      facts = await read(bytes);
    });
    const urls = facts ? urlsOf(facts) : [];
    assert.match(urls[0] ?? '', /1$/);
    assert.match(urls.at(-1) ?? '', /2$/);
    assert.ok(took < 10_000, `${took} ms`);
  });
}

test('50,000 entries are read in well under a second', async () => {
  const body = Buffer.from(manyEntries(50_000));
  assert.equal((await sound(body)).entries.length, 50_000);
  await staysBelow(1000, () => millisecondsOf(() => read(body)));
});

/** The most processor time that the thread took between two turns of a timer: other processes don't count. */
async function longestTurnMs(run: () => Promise<unknown>): Promise<number> {
  const usedMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let last = usedMs();
  const look = () => {
    longest = Math.max(longest, usedMs() - last);
    last = usedMs();
  };
  const timer = setInterval(look, 1);
  await run();
  look();
  clearInterval(timer);
  return longest;
}

test('the event loop is not held while 50 MiB are read', async () => {
  const plain = Buffer.from(manyEntries(45_000, `<!--${'x'.repeat(1080)}-->`));
  assert.ok(plain.length > 49 * MiB && plain.length < 50 * MiB);
  for (const body of [plain, zlib.gzipSync(plain)]) {
    let facts: SitemapFacts | undefined;
    await staysBelow(25, () =>
      longestTurnMs(async () => {
        facts = await read(body);
      }),
    );
    assert.equal(facts?.entries.length, 45_000);
  }
});

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

function bytesInUse(): number {
  collect();
  collect(); // what the first left to others to free
  return process.memoryUsage().heapUsed;
}

/**
 * 20 MiB, 200 entries. Not made within the test, where the strings that it is made of would be in use for
 * longer.
 */
function spaciousSitemap(): Buffer {
  return Buffer.from(manyEntries(200, `<!--${'x'.repeat(100_000)}-->`).replaceAll('&amp;', ';'));
}

test('of sitemaps that have been read, only their entries stay in memory', async () => {
  const body = spaciousSitemap();
  const before = bytesInUse();
  const readings: SitemapFacts[] = [];
  while (readings.length < 4) readings.push(await read(body));
  const grown = bytesInUse() - before;
  assert.equal(readings.flatMap(urlsOf).length, 800);
  assert.ok(grown < 4 * MiB, `${grown} bytes`);
});

test('of a URL that never ends, little is in memory', () => {
  for (const start of [
    '<urlset><url><loc>',
    '<urlset><url><loc><![CDATA[',
    '<feed><entry><link href="',
    'http://h.example/',
  ]) {
    const reader = new SitemapReader(1);
    reader.write(start);
    const before = bytesInUse();
    for (let i = 0; i < 20; i++) reader.write('x'.repeat(MiB));
    const grown = bytesInUse() - before;
    assert.ok(grown < 4 * MiB, `${start}: ${grown} bytes`);
    assert.deepEqual(reader.end().entries, []);
  }
});
