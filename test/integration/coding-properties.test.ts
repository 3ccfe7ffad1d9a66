// Any body in any coding, made by other programs and cut anywhere, is read as it was, by drover and by curl.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { answered, closing, fetcherFor, requestTo } from '../support/fetching.ts';
import { answerWith, type Framing, skippable } from '../support/site/coded-answers.ts';
import { startRaw } from '../support/site/hostile.ts';

const isThere = (command: string) => spawnSync(command, ['--version']).status === 0;
const has = { gzip: isThere('gzip'), zstd: isThere('zstd'), curl: isThere('curl') };

/** What a program on this machine gives for this input. */
const piped = (command: string, args: string[]) => (data: Buffer) => {
  const { status, stdout } = spawnSync(command, args, { input: data, maxBuffer: 2 ** 26 });
  assert.equal(status, 0, command);
  return stdout;
};

type Encode = (data: Buffer) => Buffer;
type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const checked = { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } };
const encoders: Record<Coding, Encode[]> = {
  gzip: [
    (data) => zlib.gzipSync(data),
    (data) => zlib.gzipSync(data, { level: 0 }),
    ...(has.gzip ? [piped('gzip', ['-c', '-1'])] : []),
  ],
  deflate: [(data) => zlib.deflateSync(data), (data) => zlib.deflateRawSync(data)],
  br: [(data) => zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })],
  zstd: [
    (data) => zlib.zstdCompressSync(data),
    (data) => zlib.zstdCompressSync(data, checked),
    ...(has.zstd
      ? [piped('zstd', ['-q', '-c', '-T2']), piped('zstd', ['-q', '-c', '--no-check', '-19'])]
      : []),
  ],
};

/**
 * Around the sizes of zlib's pieces, drover's pieces, a zstd block, and a body that is decoded in one call.
 */
const edges = [16_384, 32_768, 65_536, 131_072, 262_144];
const size = fc.oneof(
  fc.nat(300),
  fc.nat(70_000),
  fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -40, max: 8 })).map(([edge, by]) => edge + by),
);

/** Bytes that compress well, or not at all. */
const content = fc.record({ size, seed: fc.nat(), isNoise: fc.boolean() }).map(({ size, seed, isNoise }) => {
  const key = createHash('sha256').update(String(seed)).digest();
  if (!isNoise) return Buffer.alloc(size, key.toString('base64'));
  return createHash('shake256', { outputLength: Math.max(size, 1) })
    .update(key)
    .digest()
    .subarray(0, size);
});

const lengthOf = (parts: readonly { content: Buffer }[]) =>
  parts.reduce((sum, { content }) => sum + content.length, 0);

/** Data that may be cut between `from` and `to`, and then has so much content. */
interface End {
  length: number;
  from: number;
  to: number;
}

/** Only a checksum of 8 bytes, or a last block without content, may be missing. */
const whole = (length: number, bytes: number): End => ({ length, from: Math.max(0, bytes - 8), to: bytes });

/** The places between two parts, a note that follows included. */
function endsOf(parts: readonly { content: Buffer; note: Buffer; data: Buffer }[]): End[] {
  let end: End = whole(0, 0);
  const ends = [end];
  for (const { content, note, data } of parts) {
    end.to += note.length;
    end = whole(end.length + content.length, end.to + data.length);
    ends.push(end);
  }
  return ends;
}

const isJoined = (coding: Coding) => coding === 'gzip' || coding === 'zstd';

/**
 * A body: its parts are coded one by one and joined, and then once more as a whole by the further codings.
 */
const body = fc
  .record({
    coding: fc.constantFrom<Coding>('gzip', 'deflate', 'br', 'zstd', 'zstd', 'gzip'),
    parts: fc.array(fc.record({ content, by: fc.nat(), note: fc.option(fc.nat(400)) }), {
      minLength: 1,
      maxLength: 4,
    }),
    further: fc.array(fc.constantFrom<Coding>('gzip', 'deflate', 'br', 'zstd'), { maxLength: 2 }),
  })
  .map(({ coding, parts, further }) => {
    const used = isJoined(coding) ? parts : parts.slice(0, 1);
    const pick = (of: Coding, by: number) => encoders[of][by % encoders[of].length] as Encode;
    const coded = used.map(({ content, by, note }) => ({
      content,
      note: coding === 'zstd' && note !== null ? skippable(Buffer.alloc(note), note % 16) : Buffer.alloc(0),
      data: pick(coding, by)(content),
    }));
    const pieces = coded.flatMap(({ note, data }) => [note, data]);
    const sent = further.reduce<Buffer>(
      (data, next, index) => pick(next, index)(data),
      Buffer.concat(pieces),
    );
    return {
      plain: Buffer.concat(used.map(({ content }) => content)),
      coding: [coding, ...further].join(', '),
      sent,
      ends: further.length > 0 ? [whole(0, 0), whole(lengthOf(used), sent.length)] : endsOf(coded),
      // The zlib of curl stops at the end of the first member.
      isOfCurl: coding !== 'gzip' || used.length === 1,
    };
  });

const framing = fc.constantFrom<Framing>('length', 'chunks', 'close');
/** The sizes of the pieces in which the answer is written, one after the other. */
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 12,
});

async function written(
  socket: { write(data: Buffer, done: () => void): void; end(): void },
  bytes: Buffer,
  sizes: number[],
) {
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const piece = bytes.subarray(at, at + (n < sizes.length ? (sizes[n] as number) : bytes.length));
    at += piece.length;
    await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)));
  }
}

const missing = Object.entries(has)
  .filter(([, there]) => !there)
  .map(([name]) => name);

test('a body in any coding, cut anywhere, is read as it was', { timeout: 300_000 }, async (t) => {
  if (missing.length > 0)
    t.diagnostic(`not compared with ${missing.join(', ')}, which this machine does not have`);
  let now: { bytes: Buffer; sizes: number[]; framing: Framing } | null = null;
  const server = closing(
    t,
    await startRaw((socket) => {
      const answer = now;
      if (!answer) return;
      void written(socket, answer.bytes, answer.sizes).then(() => answer.framing === 'close' && socket.end());
    }),
  );
  const fetcher = fetcherFor(t);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(
      body,
      framing,
      cuts,
      fc.boolean(),
      async ({ plain, coding, sent, isOfCurl }, framing, sizes, truncate) => {
        now = { bytes: answerWith(coding, sent, framing, 10_007), sizes, framing };
        const { body } = answered(
          await fetcher.fetch(requestTo(server.url, { maxBytes: 4_000_000, truncate })),
        );
        assert.ok(plain.equals(body), `${coding}: ${body.length} bytes of ${plain.length}`);
        if (!has.curl || !isOfCurl || sent.length === 0) return;
        assert.ok(plain.equals(await curled(server.url)), `${coding}: curl reads something else`);
        compared++;
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(compared > 50 || !has.curl, `${compared} bodies were read by curl too`);
});

async function curled(url: string): Promise<Buffer> {
  const args = ['-sS', '--compressed', '--max-time', '30', url];
  const { stdout } = await promisify(execFile)('curl', args, { encoding: 'buffer', maxBuffer: 2 ** 26 });
  return stdout;
}

test('a body that is cut within its data is an error, wherever it is cut', {
  timeout: 120_000,
}, async (t) => {
  let bytes: Buffer = Buffer.alloc(0);
  const server = closing(t, await startRaw((socket) => socket.write(bytes)));
  const fetcher = fetcherFor(t);
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async ({ plain, coding, sent, ends }, where) => {
        const cut = sent.subarray(0, Math.floor(where * sent.length));
        bytes = answerWith(coding, cut);
        const result = await fetcher.fetch(requestTo(server.url, { maxBytes: 4_000_000 }));
        if (!result.ok) return assert.equal(result.failure.code, 'E_BODY_TRUNCATED', result.failure.message);
        const { length } = result.answer.body;
        const isEnd = (end: End) => end.length === length && end.from <= cut.length && cut.length <= end.to;
        assert.ok(
          ends.some(isEnd),
          `${coding}: ${length} of ${plain.length}, ${cut.length} of ${sent.length}`,
        );
        assert.ok(plain.subarray(0, length).equals(result.answer.body));
      },
    ),
    { numRuns: 150 },
  );
});
