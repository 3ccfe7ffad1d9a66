import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { maxLineBytes } from '../../../src/seeds/lines.ts';
import { parseSeed, parseSeedValue, readSeeds, type SeedLine } from '../../../src/seeds/read.ts';
import type { UrlRules } from '../../../src/url/normalize.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function all<T>(seeds: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const seed of seeds) found.push(seed);
  return found;
}

async function seedsOf(content: string | Buffer, rules: UrlRules = {}, size = 65_536): Promise<SeedLine[]> {
  return all(readSeeds(pieces(Buffer.from(content), size), rules));
}

/** "3 https://…" for a good line, "4 E_URL_SCHEME" for a bad one. */
function brief(seed: SeedLine): string {
  return 'failure' in seed ? `${seed.line} ${seed.failure.code}` : `${seed.line} ${seed.input.url}`;
}

const rubbish = Buffer.concat([
  Buffer.from('\ufeffhttps://a.example/first\r\n'),
  Buffer.from('\r\n   \t\n# a comment\n  # another\n'),
  Buffer.from('ftp://a.example/file\n'),
  Buffer.from('http://\n'),
  Buffer.from('  HTTPS://B.example:443/x/../two#part  \r\n'),
  Buffer.from(`https://a.example/${'long'.repeat(2500)}\n`),
  Buffer.from([0x68, 0x74, 0x74, 0x70, 0x3a, 0x2f, 0x2f, 0xe9, 0xff, 0x0a]),
  Buffer.from('https://a.example/caf\u00e9\n'),
  Buffer.from('https://a.example/\0\n'),
  Buffer.from('example.com/path\nlocalhost:80/\nnot a url\n'),
  Buffer.from('https://a.example/one\thttps://a.example/two\n'),
  Buffer.from(`https://a.example/${'x'.repeat(maxLineBytes)}\n`),
  Buffer.from('javascript:alert(1)\nhttps://user:secret@a.example/\n'),
  Buffer.from('https://a.example/last'),
]);

const expected = [
  '1 https://a.example/first',
  '6 E_URL_SCHEME',
  '7 E_URL_INVALID',
  '8 https://b.example/two',
  '9 E_URL_TOO_LONG',
  '10 E_LINE_ENCODING',
  '11 https://a.example/caf%C3%A9',
  '12 E_LINE_ENCODING',
  '13 https://example.com/path',
  '14 http://localhost/',
  '15 E_URL_INVALID',
  '16 E_URL_INVALID',
  '17 E_LINE_TOO_LONG',
  '18 E_URL_SCHEME',
  '19 E_URL_INVALID',
  '20 https://a.example/last',
];

test('a line may be a URL as JSON writes it', () => {
  assert.deepEqual(parseSeed('"https://a.example/x"', {}), { input: { url: 'https://a.example/x' } });
  assert.ok('failure' in parseSeed('"https://a.example/x', {}));
});

test('of a list with rubbish in it, good lines run and each bad one has its line number, however the bytes arrive', async () => {
  for (const size of [1, 2, 3, 7, 100, 4096, 1_000_000]) {
    const seeds = await seedsOf(rubbish, { maxLength: 8000 }, size);
    assert.deepEqual(seeds.map(brief), expected, `in pieces of ${size}`);
  }
});

test('a URL without a scheme is read as browsers read it, in a list, as JSON and in a request, and is marked', async () => {
  const rows: [text: string, url: string | null][] = [
    ['example.com', 'https://example.com/'],
    ['example.com/path', 'https://example.com/path'],
    ['example.com:8080/path?q', 'https://example.com:8080/path?q'],
    ['example.com:80/', 'http://example.com/'],
    ['//example.com/x', 'https://example.com/x'],
    ['bücher.de', 'https://xn--bcher-kva.de/'],
    ['127.0.0.1:4100', 'http://127.0.0.1:4100/'],
    ['10.0.0.1:443/x', 'https://10.0.0.1/x'],
    ['[::1]:8080/x', 'http://[::1]:8080/x'],
    ['localhost:3000/x', 'http://localhost:3000/x'],
    ['urls.txt', null],
    ['urls', null],
    ['1234', null],
    ['me@example.com', null],
    ['mailto:me@example.com', null],
  ];
  for (const [text, url] of rows)
    for (const line of [text, JSON.stringify(text), JSON.stringify({ url: text })]) {
      const [seed] = await seedsOf(line);
      assert.ok(seed);
      if (url === null) assert.ok('failure' in seed, line);
      else assert.deepEqual(seed, { line: 1, input: { url }, assumed: url.split(':')[0] }, line);
    }
});

test('lines are counted and read the same for every list of lines, in every division into pieces', async () => {
  const line = fc.oneof(
    fc.constantFrom('', '#', ' ', 'https://a.example/', 'x', 'https://a.example/é', '\r'),
    fc.constant('bad\0'),
    fc.constant('z'.repeat(maxLineBytes + 1)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.integer({ min: 1, max: 40_000 }),
      async (lines, size) => {
        const seeds = await seedsOf(
          lines.join('\n'),
          {},
          lines.join('').length > 1000 ? size + 500 : (size % 20) + 1,
        );
        const meant = lines.flatMap((text, at) => (/^\s*(#|$)/.test(text) ? [] : [at + 1]));
        assert.deepEqual(
          seeds.map((seed) => seed.line),
          meant,
        );
        for (const seed of seeds) {
          const isGood = lines[seed.line - 1]?.startsWith('https:') ?? false;
          assert.equal('input' in seed, isGood);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('a line that begins with { is a JSON request, checked, with its URL normalised', async () => {
  const seeds = await seedsOf(
    [
      '{"url":"HTTP://A.example","method":"POST","body":"x","userData":{"n":[1]},"label":"l"}',
      '{"url":"https://a.example/","colour":"red"}',
      '{"url":"https://a.example/"',
      '{"method":"GET"}',
      '{"url":"ftp://a.example/"}',
      '{"url":"example.com"}',
      `{"url":"https://a.example/","userData":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      '{"url":"https://a.example/","__proto__":{"method":"POST"}}',
    ].join('\n'),
  );
  assert.deepEqual(seeds[0], {
    line: 1,
    input: { url: 'http://a.example/', method: 'POST', body: 'x', userData: { n: [1] }, label: 'l' },
  });
  assert.deepEqual(seeds.slice(1).map(brief), [
    '2 E_REQUEST_INVALID',
    '3 E_REQUEST_INVALID',
    '4 E_REQUEST_INVALID',
    '5 E_URL_SCHEME',
    '6 https://example.com/',
    '7 E_REQUEST_INVALID',
    '8 E_REQUEST_INVALID',
  ]);
  assert.match(seeds[1] && 'failure' in seeds[1] ? seeds[1].failure.message : '', /colour/);
});

test('a gigabyte without a line end is one bad line, and takes no memory', async () => {
  const chunk = Buffer.alloc(1 << 20, 'a');
  let most = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < 1024; sent++) {
      if (sent % 64 === 0) most = Math.max(most, process.memoryUsage().rss);
      yield chunk;
    }
    yield Buffer.from('\nhttps://a.example/\n');
  }
  const before = process.memoryUsage().rss;
  const seeds = await all(readSeeds(endless()));
  assert.deepEqual(seeds.map(brief), ['1 E_LINE_TOO_LONG', '2 https://a.example/']);
  assert.ok(most - before < 100 * 2 ** 20, `${most - before} bytes more`);
});

test('a list in UTF-16 is named once, not line by line', async () => {
  const text = 'https://a.example/1\r\nhttps://a.example/2\r\n';
  const seeds = await seedsOf(Buffer.from(`\ufeff${text}`, 'utf16le'));
  assert.deepEqual(seeds.map(brief), ['1 E_LINE_ENCODING']);
});

test('a list is read no faster than its seeds are taken', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sent++;
      yield Buffer.from('https://a.example/\n'.repeat(10));
    }
  }
  let taken = 0;
  for await (const _ of readSeeds(endless())) if (++taken === 1000) break;
  assert.ok(sent <= 101, `${sent} chunks were read for 100`);
});

test('a value of a program is checked as its line would be, without being printed', () => {
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  const codes = [
    'HTTPS://A.example',
    { url: 'https://a.example/', label: 'x' },
    { url: 'https://a.example/', colour: 'red' },
    { url: 'ftp://a.example/' },
    { url: 'https://a.example/', userData: circle },
    { url: 'https://a.example/', userData: ['x'.repeat(maxLineBytes)] },
    { url: 'https://a.example/', userData: () => 1 },
    { url: new URL('https://a.example/') },
    {
      get url() {
        throw new Error('no');
      },
    },
    '{"url":"https://a.example/"}',
    'https://a.example/\n',
    '',
    undefined,
    null,
    7,
    [],
  ].map((value) => {
    const seed = parseSeedValue(value, {});
    return 'failure' in seed ? `${seed.failure.code} ${seed.text}` : seed.input.url;
  });
  assert.deepEqual(codes, [
    'https://a.example/',
    'https://a.example/',
    'E_REQUEST_INVALID https://a.example/',
    'E_URL_SCHEME ftp://a.example/',
    'E_REQUEST_INVALID https://a.example/',
    'E_REQUEST_INVALID https://a.example/',
    'E_REQUEST_INVALID https://a.example/',
    'E_REQUEST_INVALID ',
    'E_REQUEST_INVALID ',
    'E_URL_INVALID {"url":"https://a.example/"}',
    'E_URL_INVALID https://a.example/\n',
    'E_URL_INVALID ',
    'E_REQUEST_INVALID ',
    'E_REQUEST_INVALID ',
    'E_REQUEST_INVALID ',
    'E_REQUEST_INVALID ',
  ]);
});

test('userData is nested 64 deep at most, however deep it is, and cheaply', () => {
  const line = (deep: number) =>
    `{"url":"https://a.example/","userData":${'['.repeat(deep)}{"a":1}${']'.repeat(deep)}}`;
  const failureOf = (deep: number) => {
    const seed = parseSeed(line(deep), {});
    return 'failure' in seed ? seed.failure.message : null;
  };
  assert.equal(failureOf(63), null);
  for (const deep of [64, 1000, 30_000]) assert.match(failureOf(deep) ?? '', /userData: .* 64 levels deep/);
});
