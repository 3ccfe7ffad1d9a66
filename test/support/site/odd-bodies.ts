// Compressed bodies as real servers send them, in order and not: what is sent, and what must become of it.
import zlib from 'node:zlib';
import type { ErrorCode } from '../../../src/errors.ts';
import { type Framing, halves, skippable } from './coded-answers.ts';

export interface OddBody {
  what: string;
  /** The value of Content-Encoding. */
  coding: string;
  /** What is sent for a text. */
  encode(text: string): Buffer;
  /** The whole text, or an error. */
  becomes: 'whole' | ErrorCode;
  framing?: Framing;
}

const note = skippable(Buffer.from('a note'));
const withChecksum = { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } };
const hugeWindow = (text: string) =>
  Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x88]), zlib.zstdCompressSync(text).subarray(6)]);

const each = (text: string, encode: (part: string) => Buffer) => Buffer.concat(halves(text).map(encode));
const behind = (data: Buffer, more: string | Buffer) => Buffer.concat([data, Buffer.from(more as string)]);
const half = (data: Buffer) => data.subarray(0, data.length >> 1);

/** What the function gives when it is only flushed: all data, but no last block. */
function flushed(encode: (text: string, options: object) => Buffer, finishFlush: number) {
  return (text: string) => encode(text, { finishFlush });
}
const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;

const row = (
  what: string,
  coding: string,
  encode: OddBody['encode'],
  becomes: OddBody['becomes'],
  framing: Framing = 'length',
): OddBody => ({ what, coding, encode, becomes, framing });

export const oddBodies: readonly OddBody[] = [
  row('one frame', 'zstd', (text) => zlib.zstdCompressSync(text), 'whole'),
  row('one frame, close-delimited', 'zstd', (text) => zlib.zstdCompressSync(text), 'whole', 'close'),
  row('two frames', 'zstd', (text) => each(text, zlib.zstdCompressSync), 'whole'),
  row('two frames in chunks', 'zstd', (text) => each(text, zlib.zstdCompressSync), 'whole', 'chunks'),
  row(
    'two frames with checksums',
    'zstd',
    (text) => each(text, (part) => zlib.zstdCompressSync(part, withChecksum)),
    'whole',
  ),
  row('a skippable frame first', 'zstd', (text) => behind(note, zlib.zstdCompressSync(text)), 'whole'),
  row('a skippable frame last', 'zstd', (text) => behind(zlib.zstdCompressSync(text), note), 'whole'),
  row(
    'skippable frames around frames',
    'zstd',
    (text) =>
      behind(
        each(text, (part) => behind(note, zlib.zstdCompressSync(part))),
        skippable(Buffer.alloc(0), 15),
      ),
    'whole',
  ),
  row(
    'an empty frame first',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(''), zlib.zstdCompressSync(text)),
    'whole',
  ),
  row(
    'a frame without its checksum',
    'zstd',
    (text) => zlib.zstdCompressSync(text, withChecksum).subarray(0, -4),
    'whole',
  ),
  row(
    'a frame with half a checksum',
    'zstd',
    (text) => zlib.zstdCompressSync(text, withChecksum).subarray(0, -2),
    'whole',
  ),
  row('half a frame', 'zstd', (text) => half(zlib.zstdCompressSync(text)), 'E_BODY_TRUNCATED'),
  row(
    'a frame without its last byte',
    'zstd',
    (text) => zlib.zstdCompressSync(text).subarray(0, -1),
    'E_BODY_TRUNCATED',
  ),
  row(
    'a frame and half a frame',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(text), half(zlib.zstdCompressSync(text))),
    'E_BODY_TRUNCATED',
  ),
  row(
    'half a skippable frame last',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(text), half(note)),
    'E_BODY_TRUNCATED',
  ),
  row(
    'the first byte of a frame last',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(text), '\x28'),
    'E_BODY_TRUNCATED',
  ),
  row(
    'text behind the frame',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(text), '<!-- served in 3 ms -->'),
    'E_BODY_ENCODING',
  ),
  row(
    'zeros behind the frame',
    'zstd',
    (text) => behind(zlib.zstdCompressSync(text), Buffer.alloc(9)),
    'E_BODY_ENCODING',
  ),
  row('a window of 128 MiB', 'zstd', hugeWindow, 'E_BODY_ENCODING'),
  row('text that says it is zstd', 'zstd', (text) => Buffer.from(text), 'E_BODY_ENCODING'),

  row('two members', 'gzip', (text) => each(text, zlib.gzipSync), 'whole'),
  row('two members in chunks', 'gzip', (text) => each(text, zlib.gzipSync), 'whole', 'chunks'),
  row('without its last 8 bytes', 'gzip', (text) => zlib.gzipSync(text).subarray(0, -8), 'whole'),
  row(
    'without its last 8 bytes, close-delimited',
    'gzip',
    (text) => zlib.gzipSync(text).subarray(0, -8),
    'whole',
    'close',
  ),
  row('half a trailer', 'gzip', (text) => zlib.gzipSync(text).subarray(0, -4), 'whole'),
  row('a byte of a trailer', 'gzip', (text) => zlib.gzipSync(text).subarray(0, -7), 'whole'),
  row(
    'half a trailer that is wrong',
    'gzip',
    (text) => behind(zlib.gzipSync(text).subarray(0, -8), '\0\0\0'),
    'E_BODY_ENCODING',
  ),
  row(
    'a wrong checksum',
    'gzip',
    (text) => behind(zlib.gzipSync(text).subarray(0, -8), Buffer.alloc(8)),
    'E_BODY_ENCODING',
  ),
  row('ended by a flush', 'gzip', flushed(zlib.gzipSync, Z_SYNC_FLUSH), 'whole'),
  row('ended by a flush, in chunks', 'gzip', flushed(zlib.gzipSync, Z_SYNC_FLUSH), 'whole', 'chunks'),
  row(
    'ended by a flush and the connection',
    'gzip',
    flushed(zlib.gzipSync, Z_SYNC_FLUSH),
    'E_BODY_TRUNCATED',
    'close',
  ),
  row(
    'ended within a flush',
    'gzip',
    (text) => zlib.gzipSync(text, { finishFlush: Z_SYNC_FLUSH }).subarray(0, -1),
    'E_BODY_TRUNCATED',
  ),
  row(
    'a comment behind it',
    'gzip',
    (text) => behind(zlib.gzipSync(text), '<!-- served in 3 ms -->'),
    'whole',
  ),
  row('zeros behind it', 'gzip', (text) => behind(zlib.gzipSync(text), Buffer.alloc(512)), 'whole'),
  row(
    'much behind it',
    'gzip',
    (text) => behind(zlib.gzipSync(text), Buffer.alloc(65_537, 'x')),
    'E_BODY_ENCODING',
  ),
  row(
    'two members, a comment behind them',
    'gzip',
    (text) => behind(each(text, zlib.gzipSync), 'done'),
    'whole',
  ),
  row(
    'a member and half a member',
    'gzip',
    (text) => behind(zlib.gzipSync(text), half(zlib.gzipSync(text))),
    'E_BODY_TRUNCATED',
  ),
  row(
    'a member and the first byte of one',
    'gzip',
    (text) => behind(zlib.gzipSync(text), '\x1f'),
    'E_BODY_TRUNCATED',
  ),
  row('half a member', 'gzip', (text) => half(zlib.gzipSync(text)), 'E_BODY_TRUNCATED'),
  row(
    'half a member, close-delimited',
    'gzip',
    (text) => half(zlib.gzipSync(text)),
    'E_BODY_TRUNCATED',
    'close',
  ),
  row(
    'without the last byte of its data',
    'gzip',
    (text) => zlib.gzipSync(text).subarray(0, -9),
    'E_BODY_TRUNCATED',
  ),
  row('a header alone', 'gzip', (text) => zlib.gzipSync(text).subarray(0, 10), 'E_BODY_TRUNCATED'),
  row('half a header', 'gzip', (text) => zlib.gzipSync(text).subarray(0, 5), 'E_BODY_TRUNCATED'),
  row('text that says it is gzip', 'gzip', (text) => Buffer.from(text), 'E_BODY_ENCODING'),

  row('zlib', 'deflate', (text) => zlib.deflateSync(text), 'whole'),
  row('zlib without its checksum', 'deflate', (text) => zlib.deflateSync(text).subarray(0, -4), 'whole'),
  row('zlib with half a checksum', 'deflate', (text) => zlib.deflateSync(text).subarray(0, -2), 'whole'),
  row(
    'zlib with a wrong checksum',
    'deflate',
    (text) => behind(zlib.deflateSync(text).subarray(0, -4), Buffer.alloc(4)),
    'E_BODY_ENCODING',
  ),
  row('zlib ended by a flush', 'deflate', flushed(zlib.deflateSync, Z_SYNC_FLUSH), 'whole'),
  row('zlib with text behind it', 'deflate', (text) => behind(zlib.deflateSync(text), 'done'), 'whole'),
  row('half of zlib', 'deflate', (text) => half(zlib.deflateSync(text)), 'E_BODY_TRUNCATED'),
  row('raw', 'deflate', (text) => zlib.deflateRawSync(text), 'whole'),
  row('raw ended by a flush', 'deflate', flushed(zlib.deflateRawSync, Z_SYNC_FLUSH), 'whole'),
  row(
    'raw ended by a flush and the connection',
    'deflate',
    flushed(zlib.deflateRawSync, Z_SYNC_FLUSH),
    'E_BODY_TRUNCATED',
    'close',
  ),
  row('raw with text behind it', 'deflate', (text) => behind(zlib.deflateRawSync(text), 'done'), 'whole'),
  row('half of raw', 'deflate', (text) => half(zlib.deflateRawSync(text)), 'E_BODY_TRUNCATED'),

  row('ended by a flush', 'br', flushed(zlib.brotliCompressSync, BROTLI_OPERATION_FLUSH), 'whole'),
  row(
    'ended by a flush and the connection',
    'br',
    flushed(zlib.brotliCompressSync, BROTLI_OPERATION_FLUSH),
    'E_BODY_TRUNCATED',
    'close',
  ),
  row('text behind it', 'br', (text) => behind(zlib.brotliCompressSync(text), 'done'), 'whole'),
  row('half of it', 'br', (text) => half(zlib.brotliCompressSync(text)), 'E_BODY_TRUNCATED'),
  row('text that says it is br', 'br', (text) => Buffer.from(`\xff${text}`, 'latin1'), 'E_BODY_ENCODING'),

  row('a shared dictionary', 'dcb', (text) => zlib.brotliCompressSync(text), 'E_BODY_CODING'),
  row('a name that nobody knows', 'foo', (text) => Buffer.from(text), 'E_BODY_CODING'),
  row('LZW', 'x-compress', (text) => Buffer.from(text), 'E_BODY_CODING'),
  row('one that is known and one that is not', 'gzip, foo', (text) => zlib.gzipSync(text), 'E_BODY_CODING'),
  row('no coding', 'identity', (text) => Buffer.from(text), 'whole'),
  row('no name', '', (text) => Buffer.from(text), 'whole'),
  row('a character set', 'UTF-8', (text) => Buffer.from(text), 'whole'),
  row('none', 'none', (text) => Buffer.from(text), 'whole'),
  row('an old name, in capitals, with white space', ' \tX-GZip ', (text) => zlib.gzipSync(text), 'whole'),
  row('two codings', 'gzip, br', (text) => zlib.brotliCompressSync(zlib.gzipSync(text)), 'whole'),
  row('the same coding twice', 'gzip,gzip', (text) => zlib.gzipSync(zlib.gzipSync(text)), 'whole'),
  row(
    'two frames in a gzip without its trailer',
    'zstd, gzip',
    (text) => zlib.gzipSync(each(text, zlib.zstdCompressSync)).subarray(0, -8),
    'whole',
  ),
  row('empty names in the list', ', gzip,, identity', (text) => zlib.gzipSync(text), 'whole'),
  row('six codings', 'gzip, gzip, gzip, gzip, gzip, gzip', (text) => zlib.gzipSync(text), 'E_BODY_ENCODING'),
];
