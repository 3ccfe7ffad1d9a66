import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { nameBadLine, seedsFromArguments } from '../../../../producers/seeds/arguments.ts';
import { DroverError } from '../../../../src/errors.ts';
import { printable } from '../../../../src/printable.ts';
import { readSeeds, type SeedLine } from '../../../../src/seeds/read.ts';
import { temporaryDirectory, temporaryFile } from '../../../support/temporary.ts';

async function all<T>(seeds: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const seed of seeds) found.push(seed);
  return found;
}

/** "3 https://…" for a good line, "4 E_URL_SCHEME" for a bad one. */
function brief(seed: SeedLine): string {
  return 'failure' in seed ? `${seed.line} ${seed.failure.code}` : `${seed.line} ${seed.input.url}`;
}

test('a bad line is named with its place, its code and the line itself, in text that is safe to show', async () => {
  const [seed] = await all(readSeeds(Readable.from([Buffer.from('\n\n\x1b]0;owned\x07\u202eftp://x/\n')])));
  assert.ok(seed && 'failure' in seed);
  const named = nameBadLine({ source: 'urls.txt', ...seed });
  assert.match(named, /^urls\.txt, line 3: .*\(E_URL_INVALID\): \\x1b\]0;owned\\x07\\u202eftp:\/\/x\/$/);
  assert.equal(printable(named), named);
  const long = nameBadLine({ source: 'argument', line: 2, failure: seed.failure, text: 'y'.repeat(60_000) });
  assert.match(long, /^argument 2: /);
  assert.ok(long.length < 300);
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
    'argument 6 http://127.0.0.1:81/x',
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
  for (const text of [missing, 'seeds.txt', 'urls', 'hosts:3000']) {
    const { error, seeds } = await failureOf(['https://a.example/', text]);
    assert.deepEqual([error.code, seeds], ['E_FILE', 0]);
    assert.ok(error.message.includes(`no file ${text}`) && error.message.includes('https://'), error.message);
  }
  // Endings that public suffixes have too: such a name is a file that is missing, and no host.
  for (const text of ['readme.md', 'urls.zip', 'URLS.ZIP', 'list.2026.zip', 'seeds.py', 'fetch.sh']) {
    const { error, seeds } = await failureOf(['https://a.example/', text]);
    assert.deepEqual([error.code, seeds], ['E_FILE', 0], text);
    assert.ok(error.message.includes(`no file ${text}`), error.message);
  }
  const hosts = ['www.point.md', 'point.md/', 'point.md:8080', 'example.com', 'example.org/list.zip'];
  const seeds = await all(seedsFromArguments(hosts, {}, Readable.from([])));
  assert.deepEqual(
    seeds.map((seed) => ('input' in seed ? new URL(seed.input.url).hostname : seed.failure.code)),
    ['www.point.md', 'point.md', 'point.md', 'example.com', 'example.org'],
  );
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
