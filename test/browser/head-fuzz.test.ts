// Heads recombined at random, read by the drover command and by a real Chromium from the same server: both
// must see the same status, character set and body. FUZZ_SEED=n makes other heads; a failure names its seed.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import { chromiumPath, openBrowser } from '../support/api/browser.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { closing } from '../support/fetching.ts';
import { answerOf, startRaw } from '../support/site/hostile.ts';

const COUNT = 200;
const seed = Number(process.env.FUZZ_SEED ?? 2026);

/** What a reader made of an answer; `failed` if it made nothing of it. */
type Reading = { status: number; charset: string; text: string } | 'failed' | 'too late';

/** In each of the character sets that are sent, these bytes are letters. */
const body = Buffer.from('<!doctype html><title>t</title>[[\xcf\xf0\xe8\xe2\xe5\xf2 ]]', 'latin1');

const charset = fc.constantFrom('windows-1251', 'KOI8-R', 'iso-8859-5', 'utf-8', 'Latin1', 'x-sjis');
const contentType = fc
  .record({
    essence: fc.constantFrom('text/html', 'TEXT/HTML', 'text/plain', 'Text/Html'),
    name: fc.constantFrom('charset', 'Charset', 'CHARSET'),
    charset,
    quote: fc.constantFrom('', '"'),
    blanks: fc.constantFrom('', ' ', '  ', '\t'),
    before: fc.constantFrom('', ';version=1', '; a="b;c"'),
  })
  .map(({ essence, name, charset, quote, blanks, before }) => [
    `Content-Type: ${essence}${before};${blanks}${name}=${quote}${charset}${quote}`,
  ]);

/** How the body is framed: lines of the head, and the bytes. */
const framing = fc.constantFrom<(bytes: Buffer) => [string[], Buffer]>(
  (bytes) => [[`Content-Length: ${bytes.length}`], bytes],
  (bytes) => [[`Content-Length: ${bytes.length}`, `Content-Length: ${bytes.length}`], bytes],
  (bytes) => [[`Content-Length: ${bytes.length}, ${bytes.length}`], bytes],
  (bytes) => [[`Content-Length: ${bytes.length}`, 'Transfer-Encoding: identity'], bytes],
  (bytes) => [['Content-Length:'], bytes],
  (bytes) => [[], bytes],
  (bytes) => [['Transfer-Encoding: chunked'], chunked(bytes, '\r\n')],
  (bytes) => [['Transfer-Encoding: chunked', 'Content-Length: 3'], chunked(bytes, '\r\n')],
  (bytes) => [['Transfer-Encoding: Chunked'], chunked(bytes, ' \r\n')],
  (bytes) => [['Transfer-Encoding: chunked'], chunked(bytes, '\n')],
  (bytes) => [[`Content-Length: ${bytes.length}`, 'Content-Length: 3'], bytes],
);

const other = fc.constantFrom(
  ...['Server: odd/1.0 (a) b', 'Date: Sat, 28 Nov 2026 12:00:00 GMT', 'Cache-Control: no-store, private'],
  ...['Vary: Accept-Encoding', 'Set-Cookie: a=1; Path=/', 'ETag: "1,2"', 'X-Powered-By: PHP/5.2', 'X-Empty:'],
  ...['Connection: keep-alive', 'Keep-Alive: timeout=5, max=9', 'Pragma: no-cache', 'Content-Language: ru'],
  ...['X-Odd: a\x01b\x7f', 'nonsense', ': nonsense', 'X Odd: 1', 'P3P: CP="NOI, DSP"', 'X-Name: caf\xe9'],
);

const shape = fc.record({
  name: fc.constantFrom<(name: string) => string>(
    (name) => name,
    (name) => name.toLowerCase(),
    (name) => name.toUpperCase(),
  ),
  colon: fc.constantFrom(': ', ': ', ':', ':\t', ' : ', ':   '),
  fold: fc.constantFrom('', '', '', '\r\n ', '\r\n\t \t', '\r\n  \r\n '),
  behind: fc.constantFrom('', '', ' ', ' \t'),
});

const block = fc.record({
  version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'http/1.1'),
  status: fc.constantFrom(' 200 OK', ' 404 Not Found', '  200  OK', ' 200', ' 203 \xe9', ' 410 '),
  end: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
  type: contentType,
  framing,
  isGzip: fc.boolean(),
  others: fc.array(other, { maxLength: 8 }),
  order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  shapes: fc.array(shape, { minLength: 20, maxLength: 20 }),
});

type Block = typeof block extends fc.Arbitrary<infer Value> ? Value : never;

function bytesOf({ version, status, end, type, framing, isGzip, others, order, shapes }: Block): Buffer {
  const [frame, sent] = framing(isGzip ? zlib.gzipSync(body) : body);
  // Browsers read no chunks in HTTP/1.0, see docs/DECISIONS.md.
  const first = frame.some((line) => /chunked/i.test(line)) ? version.replace('1.0', '1.1') : version;
  const lines = [...type, ...frame, ...(isGzip ? ['Content-Encoding: gzip'] : []), ...others];
  const shuffled = lines
    .map((line, index) => ({ line, at: order[index] ?? 0 }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ line }, index) => shaped(line, shapes[index] as (typeof shapes)[number]));
  const head = [first + status, ...shuffled].map((line) => `${line.replaceAll('\r\n', end)}${end}`).join('');
  return Buffer.concat([Buffer.from(head + end, 'latin1'), sent]);
}

function shaped(line: string, { name, colon, fold, behind }: Block['shapes'][number]): string {
  const at = line.indexOf(': ');
  if (at <= 0) return line;
  const value = line.slice(at + 2);
  const blank = value.indexOf(' ');
  const folded = fold === '' || blank < 0 ? value : value.slice(0, blank) + fold + value.slice(blank + 1);
  return name(line.slice(0, at)) + colon + folded + behind;
}

/** `end`: what comes behind the size of a chunk. */
function chunked(bytes: Buffer, end: string): Buffer {
  const lineEnd = end.replace(' ', '');
  const parts = [bytes.subarray(0, 20), bytes.subarray(20)].flatMap((part) => [
    Buffer.from(part.length.toString(16) + end),
    part,
    Buffer.from(lineEnd),
  ]);
  return Buffer.concat([...parts, Buffer.from(`0${end}${lineEnd}`)]);
}

const textIn = (text: string) => /\[\[(.*)\]\]/s.exec(text)?.[1] ?? '';

/** Runs in the browser: loads each path in a frame, six at a time, and says what it shows. */
const readFrames = `async (count) => {
  const read = (path) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.onload = () => {
      const shown = frame.contentDocument;
      const [entry] = shown ? frame.contentWindow.performance.getEntriesByType('navigation') : [];
      const charset = shown?.characterSet.toLowerCase();
      const text = shown?.documentElement.textContent;
      resolve(entry ? { status: entry.responseStatus, charset, text } : 'failed');
      frame.remove();
    };
    setTimeout(resolve, 8000, 'too late');
    frame.src = path;
    document.body.append(frame);
  });
  const readings = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < count; at = next++) readings[at] = await read('/' + at);
  };
  await Promise.all(Array.from({ length: 6 }, work));
  return readings;
}`;

async function readInBrowser(program: string, url: string): Promise<Reading[]> {
  browser = await openBrowser(program);
  const page = await browser.newPage();
  await page.goto(`${url}start`);
  const readings = await page.evaluate<Reading[]>(`(${readFrames})(${COUNT})`);
  return readings.map((reading) =>
    typeof reading === 'string' ? reading : { ...reading, text: textIn(reading.text) },
  );
}

let browser: Browser | null = null;
after(() => browser?.close());

test('drover reads 200 recombined heads as Chromium does', { timeout: 120_000 }, async (t) => {
  const program = chromiumPath();
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const blocks = fc.sample(block, { seed, numRuns: COUNT }).map(bytesOf);
  const server = closing(
    t,
    await startRaw((socket, head) => {
      const index = Number(head.split(' ', 2)[1]?.slice(1));
      socket.end(blocks[index] ?? answerOf('<body>', { 'Content-Type': 'text/html' }));
    }),
  );
  const urls = blocks.map((_, index) => `${server.url}${index}`);
  const inBrowser = await readInBrowser(program, server.url);
  const runner = await openCommandRunner();
  const how = ['--depth', '0', '--attempts', '1', '--quiet', '--ignore-robots', '--no-adaptive'];
  await runner.run(['crawl', ...urls, '--crawl', 'fuzz', '--per-host', '8', ...how]);
  const records = new Map((await runner.results('fuzz')).map((record) => [record.url, record]));
  const wrong = urls.flatMap((url, index) => {
    const record = records.get(url);
    const { status, charset, body: text } = record ?? {};
    const read = status ? { status, charset, text: textIn(text ?? '') } : 'failed';
    const [ours, theirs] = [JSON.stringify(read), JSON.stringify(inBrowser[index])];
    if (ours === theirs) return [];
    const sent = JSON.stringify(blocks[index]?.toString('latin1'));
    return [`${sent}: drover ${ours} ${record?.error?.message ?? ''}, Chromium ${theirs}`];
  });
  assert.ok(inBrowser.filter((reading) => typeof reading !== 'string').length > COUNT / 2);
  assert.deepEqual(wrong, [], `seed ${seed}`);
});
