import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { maxLineBytes } from '../../../producers/lines.ts';
import { nameBadLine, readSeeds, type SeedLine, seedsFromArguments } from '../../../producers/seeds.ts';
import { DroverError } from '../../../src/errors.ts';
import { printable } from '../../../src/log.ts';
import type { UrlRules } from '../../../src/url/normalize.ts';
import { temporaryDirectory, temporaryFile } from '../../support/temporary.ts';

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
  '13 E_URL_INVALID',
  '14 E_URL_SCHEME',
  '15 E_URL_INVALID',
  '16 E_URL_INVALID',
  '17 E_LINE_TOO_LONG',
  '18 E_URL_SCHEME',
  '19 E_URL_INVALID',
  '20 https://a.example/last',
];

test('of a list with rubbish in it, good lines run and each bad one has its line number, however the bytes arrive', async () => {
  for (const size of [1, 2, 3, 7, 100, 4096, 1_000_000]) {
    const seeds = await seedsOf(rubbish, { maxLength: 8000 }, size);
    assert.deepEqual(seeds.map(brief), expected, `in pieces of ${size}`);
  }
});

test('a bad line is named with its place, its code and the line itself, in text that is safe to show', async () => {
  const [seed] = await seedsOf('\n\n\x1b]0;owned\x07\u202eftp://x/\n');
  assert.ok(seed && 'failure' in seed);
  const named = nameBadLine({ source: 'urls.txt', ...seed });
  assert.match(named, /^urls\.txt, line 3: .*\(E_URL_INVALID\): \\x1b\]0;owned\\x07\\u202eftp:\/\/x\/$/);
  assert.equal(printable(named), named);
  const long = nameBadLine({ source: 'argument', line: 2, failure: seed.failure, text: 'y'.repeat(60_000) });
  assert.match(long, /^argument 2: /);
  assert.ok(long.length < 300);
});

test('a host without https:// in a list is an error that says what to write', async () => {
  for (const text of ['example.com/path', 'example.com:8080/path']) {
    const [seed] = await seedsOf(text);
    assert.ok(seed && 'failure' in seed);
    assert.equal(seed.failure.code, 'E_URL_INVALID');
    assert.ok(seed.failure.message.endsWith(`Write https://${text}`), seed.failure.message);
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
    '6 E_URL_INVALID',
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

async function fromArguments(args: string[], stdin = ''): Promise<string[]> {
  const seeds = await all(seedsFromArguments(args, {}, Readable.from([Buffer.from(stdin)])));
  return seeds.map((seed) => `${seed.source} ${brief(seed)}`);
}

test('arguments are URLs, files and standard input, read in their order', async () => {
  const list = await temporaryFile('urls.txt', 'https://a.example/1\nftp://x/\n');
  const zipped = await temporaryFile('urls.txt.gz', gzipSync('https://a.example/2\n'));
  const seeds = await fromArguments(
    [
      'https://a.example/0',
      list,
      zipped,
      '-',
      'example.com/p?q',
      '127.0.0.1:81/x',
      'ftp://a.example/',
      'http://',
    ],
    'https://a.example/3\n',
  );
  assert.deepEqual(seeds, [
    'argument 1 https://a.example/0',
    `${list} 1 https://a.example/1`,
    `${list} 2 E_URL_SCHEME`,
    `${zipped} 1 https://a.example/2`,
    'stdin 1 https://a.example/3',
    'argument 5 https://example.com/p?q',
    'argument 6 https://127.0.0.1:81/x',
    'argument 7 E_URL_SCHEME',
    'argument 8 E_URL_INVALID',
  ]);
});

test('gzip is told by its bytes: standard input may be compressed too', async () => {
  const zipped = await temporaryFile(
    'list',
    Buffer.concat([gzipSync('https://a.example/1\n'), gzipSync('https://a.example/2\n')]),
  );
  const seeds = await all(seedsFromArguments(['-'], {}, createReadStream(zipped)));
  assert.deepEqual(seeds.map(brief), ['1 https://a.example/1', '2 https://a.example/2']);
});

/** The error that reading these arguments ends with, and how many seeds came before it. */
async function failureOf(args: string[]): Promise<{ error: DroverError; seeds: number }> {
  let seeds = 0;
  try {
    for await (const _ of seedsFromArguments(args, {}, Readable.from([]))) seeds++;
  } catch (error) {
    assert.ok(error instanceof DroverError, String(error));
    return { error, seeds };
  }
  return assert.fail('it should have failed');
}

test('an argument that is neither a URL nor a file stops before the first seed, naming both readings', async () => {
  const directory = await temporaryDirectory();
  const missing = join(directory, 'urls.txt');
  for (const text of [missing, 'seeds.txt', 'urls', 'localhost:3000']) {
    const { error, seeds } = await failureOf(['https://a.example/', text]);
    assert.deepEqual([error.code, seeds], ['E_FILE', 0]);
    assert.ok(error.message.includes(`no file ${text}`) && error.message.includes('https://'), error.message);
  }
  assert.equal((await failureOf([directory])).error.code, 'E_FILE');
  assert.equal((await failureOf(['-', '-'])).error.code, 'E_USAGE');
});

test('a file that breaks off is an E_FILE after the seeds that came before', async () => {
  const random = Array.from({ length: 20_000 }, (_, at) => `https://a.example/${(at * 7919) % 99_991}`).join(
    '\n',
  );
  const broken = await temporaryFile('broken.gz', gzipSync(random).subarray(0, 30_000));
  const { error, seeds } = await failureOf([broken]);
  assert.equal(error.code, 'E_FILE');
  assert.ok(error.message.includes(broken) && seeds > 1000, `${seeds}: ${error.message}`);
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
