// From the bytes of a sitemap to its text: character sets and gzip, whole and broken.
import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import {
  entry,
  MiB,
  manyEntries,
  millisecondsOf,
  read,
  sound,
  urlset,
  urlsOf,
  warned,
} from '../../support/sitemaps.ts';

test('the character set is that of the byte order mark, of the header or of the declaration, else UTF-8', async () => {
  const xml = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?><urlset>${entry('http://h.example/ü')}</urlset>`;
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  for (const [body, contentType] of [
    [Buffer.from(`\ufeff${xml('UTF-8')}`), ''],
    [Buffer.from(`\ufeff${xml('UTF-16')}`, 'utf16le'), 'text/xml'],
    [swapped(`\ufeff${xml('UTF-16')}`), 'text/xml; charset=utf-8'],
    [swapped(xml('UTF-16')), 'application/xml'],
    [Buffer.from(xml('ISO-8859-1'), 'latin1'), 'text/xml'],
    [Buffer.from(xml('ISO-8859-1'), 'latin1'), 'application/octet-stream'],
    [Buffer.from(xml('nonsense'), 'latin1'), 'text/xml; charset="iso-8859-1"'],
    [Buffer.from(xml('utf-16')), 'text/xml'],
    [Buffer.from(xml('utf-16')), 'text/xml; charset=utf-16'],
    [Buffer.from(xml('iso-2022-kr')), 'text/xml'],
    [Buffer.from(`<urlset>${entry('http://h.example/ü')}</urlset>`), 'application/x-gzip; charset=binary'],
    [Buffer.from('http://h.example/ü\n', 'latin1'), 'text/plain; charset=iso-8859-1'],
    [Buffer.from('http://h.example/ü\n'), 'text/plain'],
  ] as const) {
    assert.deepEqual(
      urlsOf(await sound(body, contentType)),
      ['http://h.example/ü'],
      `${contentType} ${body}`,
    );
  }
  assert.deepEqual(urlsOf(await sound(Buffer.from(`${xml('Shift_JIS').replace('ü', '?')}`))), [
    'http://h.example/?',
  ]);
});

test('a character that a piece cuts in two is read, and does not mislead the guess of the character set', async () => {
  for (let before = 1; before < 4; before++) {
    const end = '--><url><loc>http://h.example/';
    const start = `<urlset><!--${'x'.repeat(32 * 1024 - before - end.length - 12)}${end}`;
    assert.equal(start.length, 32 * 1024 - before);
    const facts = await sound(`${start}😀ü</loc></url></urlset>`);
    assert.deepEqual(urlsOf(facts), ['http://h.example/😀ü'], `${before} bytes before the cut`);
  }
});

test('gzip is told by its first bytes, and undone twice', async () => {
  const gzip = zlib.gzipSync(manyEntries(3000));
  for (const body of [
    gzip,
    zlib.gzipSync(gzip),
    zlib.gzipSync(zlib.gzipSync(urlset(entry('http://h.example/')))),
  ]) {
    for (const type of ['application/xml', 'application/gzip', 'text/html']) {
      assert.equal((await sound(body, type)).kind, 'urlset');
    }
  }
  assert.equal((await sound(zlib.gzipSync(gzip))).entries.length, 3000);
  const members = ['http://h.example/1\n', 'http://h.example/2\n'].map((text) => zlib.gzipSync(text));
  assert.deepEqual(urlsOf(await sound(Buffer.concat(members))), ['http://h.example/1', 'http://h.example/2']);
  assert.equal((await read(zlib.gzipSync(zlib.gzipSync(gzip)))).kind, 'none');
});

test('of a gzip stream that breaks off, all that came before is read', async () => {
  const text = manyEntries(5000);
  const gzip = zlib.gzipSync(text);
  for (const length of [gzip.length - 10, Math.floor(gzip.length / 2), 2000]) {
    const cut = gzip.subarray(0, length);
    const whole =
      zlib.gunzipSync(cut, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString().split('</loc>').length -
      1;
    const facts = await warned(cut, /gzip stream breaks off/);
    assert.equal(facts.entries.length, whole);
    assert.ok(whole > 20 && facts.kind === 'urlset');
  }
  const withoutText = await warned(gzip.subarray(0, 5), /gzip stream breaks off/);
  assert.equal(withoutText.kind, 'none');
  // The last line of a text that breaks off may be half a URL.
  const lines = zlib.gzipSync('http://h.example/1\nhttp://h.example/2');
  assert.deepEqual(urlsOf(await read(lines.subarray(0, -9))), ['http://h.example/1']);
});

test('what is wrong at the end of a gzip stream costs nothing of it', async () => {
  const gzip = zlib.gzipSync(urlset(entry('http://h.example/')));
  const badChecksum = Buffer.from(gzip);
  badChecksum.writeUInt32LE(1, gzip.length - 8);
  const bodies = ['\n', '\0\0\0', 'Warning: something of the server', '\x1f\x8b\x01 no gzip'].map((text) => [
    gzip,
    Buffer.from(text, 'latin1'),
  ]);
  for (const body of [
    badChecksum,
    gzip.subarray(0, -1),
    gzip.subarray(0, -8),
    ...bodies.map((parts) => Buffer.concat(parts)),
  ]) {
    assert.deepEqual(urlsOf(await read(body)), ['http://h.example/'], body.toString('latin1'));
  }
});

test('a gzip bomb ends at the limit, also inside another', async () => {
  const bomb = zlib.gzipSync(
    Buffer.concat([Buffer.from(`<urlset>${entry('http://h.example/')}`), Buffer.alloc(300 * MiB, ' ')]),
  );
  const empty = zlib.gzipSync(Buffer.concat(new Array(200_000).fill(zlib.gzipSync(''))));
  const limits = { maxEntries: 10, maxBytes: MiB };
  const took = await millisecondsOf(async () => {
    for (const body of [bomb, zlib.gzipSync(bomb)]) {
      const facts = await read(body, '', limits);
      assert.deepEqual(urlsOf(facts), ['http://h.example/']);
      assert.deepEqual(facts.warnings, ['It is longer than 1048576 bytes: the rest is not read.']);
    }
    assert.equal((await read(empty, '', limits)).kind, 'none');
  });
  assert.ok(took < 10_000, `${took} ms`);
});
