// gzip, deflate and br: the content is whole when its own end has come. What is missing or too much behind
// that end is no part of it.
import { Decoder } from './decoder.ts';
import { CodingError, Walk } from './walk.ts';
import {
  brotli,
  type Checksum,
  gzip,
  hasZlibHeader,
  isGzip,
  rawDeflate,
  type Wrapper,
  zlibFormat,
} from './wrappers.ts';

/** Bytes behind the data are a comment or padding up to this size. More of them would be content. */
const mostBehindBytes = 64 * 1024;
/** From so many bytes, a format is recognised. */
const sampleBytes = 2;

type Step = 'start' | 'header' | 'data' | 'checksum' | 'behind';

/**
 * Joins the members of gzip; of the others there is one. `endsItself`: HTTP says where the body ends, by its
 * length or by chunks, so that data which ends with a flush, without a last block, is all that was sent.
 */
export class WrappedDecoder extends Decoder {
  readonly #coding: 'gzip' | 'deflate' | 'br';
  readonly #endsItself: boolean;
  #step: Step = 'start';
  #wrapper: Wrapper | null = null;
  #header: Walk | null = null;
  #checksum: Checksum | null = null;
  /** The bytes seen so far of the start, or of the checksum. */
  #seen: Buffer = Buffer.alloc(0);
  /** The last bytes of the data. */
  #tail: Buffer = Buffer.alloc(0);
  #behindBytes = 0;

  constructor(coding: 'gzip' | 'deflate' | 'br', endsItself: boolean) {
    super();
    this.#coding = coding;
    this.#endsItself = endsItself;
  }

  protected override async decode(data: Buffer): Promise<void> {
    let rest = data;
    while (rest.length > 0) {
      switch (this.#step) {
        case 'start':
          rest = this.#begin(rest);
          break;
        case 'header':
          rest = this.#takeHeader(rest);
          break;
        case 'data':
          rest = await this.#takeData(rest);
          break;
        case 'checksum':
          rest = this.#takeChecksum(rest);
          break;
        case 'behind':
          this.#behindBytes += rest.length;
          if (this.#behindBytes > mostBehindBytes) throw new CodingError('much data behind the end');
          return;
        default:
          this.#step satisfies never;
      }
    }
  }

  protected override async complete(): Promise<void> {
    switch (this.#step) {
      case 'start':
        if (this.#seen.length === 0) return;
        throw this.#coding === 'gzip' && this.#seen[0] !== 0x1f
          ? new CodingError('no gzip header')
          : cutOff();
      case 'header':
        throw cutOff();
      case 'data':
        if (!(await this.#isWhole())) throw cutOff();
        this.#verify();
        return;
      case 'checksum':
        this.#verify();
        return;
      case 'behind':
        return;
      default:
        this.#step satisfies never;
    }
  }

  /** Recognises the format. It returns the data that has not been used. */
  #begin(data: Buffer): Buffer {
    const isFirst = this.#wrapper === null;
    const start = this.#seen.length === 0 ? data : Buffer.concat([this.#seen, data]);
    if (!isFirst && (start[0] !== 0x1f || (start.length >= sampleBytes && !isGzip(start)))) {
      this.#step = 'behind';
      return data;
    }
    this.#seen = start;
    if (start.length < sampleBytes && this.#coding !== 'br') return data.subarray(data.length);
    this.#seen = Buffer.alloc(0);
    this.#open(wrapperOf(this.#coding, start));
    return start;
  }

  #open(wrapper: Wrapper): void {
    this.countPart();
    const rule = wrapper.header();
    this.#wrapper = wrapper;
    this.#header = rule && new Walk(rule);
    const checksum = wrapper.checksum();
    this.#checksum = checksum;
    this.#tail = Buffer.alloc(0);
    this.start(wrapper.createEngine(), checksum ? (piece) => checksum.update(piece) : undefined);
    this.#step = rule ? 'header' : 'data';
  }

  #takeHeader(data: Buffer): Buffer {
    const bytes = this.#header?.take(data) ?? 0;
    if (this.#header?.isOver) this.#step = 'data';
    return data.subarray(bytes);
  }

  async #takeData(data: Buffer): Promise<Buffer> {
    const bytes = (await this.engine?.write(data)) ?? 0;
    if (this.engine?.isOver) this.#step = this.#checksum ? 'checksum' : 'behind';
    else this.#tail = lastBytes(this.#tail, data);
    return data.subarray(bytes);
  }

  #takeChecksum(data: Buffer): Buffer {
    const missing = (this.#checksum?.bytes ?? 0) - this.#seen.length;
    this.#seen = Buffer.concat([this.#seen, data.subarray(0, missing)]);
    if (data.length >= missing) {
      this.#verify();
      this.#seen = Buffer.alloc(0);
      this.#step = this.#coding === 'gzip' ? 'start' : 'behind';
    }
    return data.subarray(missing);
  }

  /** The checksum must be right as far as it came. */
  #verify(): void {
    const expected = this.#checksum?.expected().subarray(0, this.#seen.length);
    if (expected && !expected.equals(this.#seen)) throw new CodingError('a wrong checksum');
  }

  /**
   * Whether all of the data has come: its last block, or a flush behind which HTTP says that nothing was to
   * come. An empty last block is written to see it. If the data was over, nothing of that is taken; after a
   * flush, all of it is, and the data is then over without more output.
   */
  async #isWhole(): Promise<boolean> {
    const { engine } = this;
    const wrapper = this.#wrapper;
    if (!engine || !wrapper) return true;
    const { lastBlock, flushed } = wrapper;
    const found = await engine.probe(Buffer.concat([lastBlock, Buffer.alloc(1)]));
    if (found?.taken === 0) return true;
    const isCompleted = engine.isOver && found?.taken === lastBlock.length && found.output === 0;
    return isCompleted && this.#endsItself && (flushed.length === 0 || this.#tail.equals(flushed));
  }
}

function wrapperOf(coding: 'gzip' | 'deflate' | 'br', start: Uint8Array): Wrapper {
  if (coding === 'br') return brotli;
  if (coding === 'gzip') return gzip;
  return hasZlibHeader(start) ? zlibFormat : rawDeflate;
}

function lastBytes(before: Buffer, data: Buffer): Buffer {
  return data.length >= 4 ? data.subarray(-4) : Buffer.concat([before, data]).subarray(-4);
}

function cutOff(): CodingError {
  return new CodingError('it ends within its data', true);
}
