// The format of a backup: a line of JSON about it, entries, and a check sum of all that. An entry is a key
// with its value as Redis dumps it, or a key that is gone; the last entry of a key is the one that counts.
import { createHash, type Hash } from 'node:crypto';
import { DroverError } from '../errors.ts';

const MAGIC = 'drover-backup 1 ';
/** Of one with several shards, which former versions cannot read. Of the same length. */
const MAGIC_OF_SHARDS = 'drover-backup 2 ';
const KEY = 1;
const GONE = 2;
const END = 3;
const SUM_BYTES = 32;
const MOST_SHARDS = 64;
/** Redis keeps no larger values; a dump is hardly larger than its value. */
const MOST_VALUE = 768 * 1024 ** 2;
const MOST_KEY = 1024 ** 2;
const MOST_HEADER = 64 * 1024;

export interface BackupHeader {
  /** When it was begun, ISO 8601. */
  at: string;
  /** Of drover, and of its keys in Redis (src/fleet/format.ts). */
  drover: string;
  format: number;
  /** `{drover:0}`: what the keys began with; the entries leave it out. */
  namespace: string;
  /** How many shards it has; absent for one. */
  shards?: number;
  /** 'Redis 7.0.15'; null if it did not say. */
  server: string | null;
}

export interface BackupEntry {
  /** The number of its shard. In the file, that of a shard other than 0 stands before the key: `3:crawls`. */
  shard: number;
  /** Without the namespace: `:crawls`. */
  key: Buffer;
  /** Null: there is no such key. */
  value: Buffer | null;
  /** By the clock of Redis; 0 for never. */
  expiresAtMs: number;
}

/** Makes the bytes of a backup. `end` comes last. */
export class BackupBytes {
  readonly #sum: Hash = createHash('sha256');
  entries = 0;
  bytes = 0;

  begin(header: BackupHeader): Buffer {
    const magic = (header.shards ?? 1) > 1 ? MAGIC_OF_SHARDS : MAGIC;
    return this.#counted(Buffer.from(`${magic}${JSON.stringify(header)}\n`));
  }

  entry({ shard, key: name, value, expiresAtMs }: BackupEntry): Buffer[] {
    this.entries++;
    const key = shard === 0 ? name : Buffer.concat([Buffer.from(String(shard)), name]);
    const head = Buffer.alloc(value === null ? 5 : 17);
    head.writeUInt8(value === null ? GONE : KEY, 0);
    head.writeUInt32BE(key.length, 1);
    if (value !== null) {
      head.writeUInt32BE(value.length, 5);
      head.writeDoubleBE(expiresAtMs, 9);
    }
    return [head, key, ...(value === null ? [] : [value])].map((part) => this.#counted(part));
  }

  end(): Buffer {
    const head = Buffer.alloc(9);
    head.writeUInt8(END, 0);
    head.writeDoubleBE(this.entries, 1);
    this.#counted(head);
    this.bytes += SUM_BYTES;
    return Buffer.concat([head, this.#sum.digest()]);
  }

  #counted(part: Buffer): Buffer {
    this.#sum.update(part);
    this.bytes += part.length;
    return part;
  }
}

/**
 * Reads a backup: `onHeader` first, then each entry, in their order. Resolves when its check sum is right.
 * `name` names it in errors. Throws E_BACKUP_BROKEN, and what the callbacks throw.
 */
export async function readBackup(
  name: string,
  chunks: AsyncIterable<Buffer>,
  onHeader: (header: BackupHeader) => void | Promise<void>,
  onEntry: (entry: BackupEntry) => void | Promise<void>,
): Promise<void> {
  const bytes = new Bytes(name, chunks);
  const header = await readHeader(bytes);
  await onHeader(header);
  for (let entries = 0; ; entries++) {
    const kind = (await bytes.take(1)).readUInt8();
    if (kind === END) {
      const told = (await bytes.take(8)).readDoubleBE();
      await bytes.checkEnd();
      if (told !== entries) throw bytes.broken(`it holds ${entries} entries, and was written with ${told}`);
      return;
    }
    if (kind !== KEY && kind !== GONE) throw bytes.broken('what it holds is no entry of a backup');
    const keyBytes = (await bytes.take(4)).readUInt32BE();
    const lengths = kind === KEY ? await bytes.take(12) : null;
    const valueBytes = lengths?.readUInt32BE() ?? 0;
    if (keyBytes > MOST_KEY || valueBytes > MOST_VALUE) throw bytes.broken('an entry is too large');
    const name = await bytes.take(keyBytes);
    const at = (header.shards ?? 1) === 1 ? 0 : name.indexOf(':');
    const shard = at === 0 ? 0 : Number(name.subarray(0, Math.max(at, 0)).toString('latin1') || -1);
    if (!(shard >= 0 && shard < (header.shards ?? 1)))
      throw bytes.broken('an entry is of a shard that it has not');
    const value = lengths ? await bytes.take(valueBytes) : null;
    await onEntry({ shard, key: name.subarray(at), value, expiresAtMs: lengths?.readDoubleBE(4) ?? 0 });
  }
}

async function readHeader(bytes: Bytes): Promise<BackupHeader> {
  const magic = (await bytes.take(MAGIC.length)).toString('latin1');
  if (magic !== MAGIC && magic !== MAGIC_OF_SHARDS)
    throw bytes.broken('it does not begin as a backup of drover');
  const line: Buffer[] = [];
  for (let byte = await bytes.take(1); byte[0] !== 0x0a; byte = await bytes.take(1)) {
    line.push(byte);
    if (line.length > MOST_HEADER) throw bytes.broken('its first line is too long');
  }
  try {
    const header = JSON.parse(Buffer.concat(line).toString()) as BackupHeader;
    const { namespace, format, shards = 1 } = header;
    const isNumber = magic === MAGIC ? shards === 1 : shards > 1 && shards <= MOST_SHARDS;
    if (typeof namespace === 'string' && Number.isInteger(format) && isNumber) return header;
  } catch {
    // told below
  }
  throw bytes.broken('its first line cannot be read');
}

/** The bytes of chunks, as many at a time as are asked for, and the check sum of those that were taken. */
class Bytes {
  readonly #name: string;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #sum = createHash('sha256');
  #parts: Buffer[] = [];
  #has = 0;

  constructor(name: string, chunks: AsyncIterable<Buffer>) {
    this.#name = name;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  broken(why: string): DroverError {
    return new DroverError('E_BACKUP_BROKEN', `${this.#name}: ${why}.`);
  }

  async take(count: number): Promise<Buffer> {
    const taken = await this.#next(count);
    this.#sum.update(taken);
    return taken;
  }

  async checkEnd(): Promise<void> {
    const sum = this.#sum.digest();
    if (!(await this.#next(SUM_BYTES)).equals(sum)) throw this.broken('its check sum is wrong');
    if (this.#has > 0 || !(await this.#chunks.next()).done) throw this.broken('it goes on after its end');
  }

  async #next(count: number): Promise<Buffer> {
    while (this.#has < count) {
      const { value, done } = await this.#chunks.next();
      if (done) throw this.broken('it is cut off');
      this.#parts.push(value);
      this.#has += value.length;
    }
    const [first = Buffer.alloc(0)] = this.#parts;
    const all = first.length >= count ? first : Buffer.concat(this.#parts);
    const rest = all.subarray(count);
    this.#parts = first.length >= count ? [rest, ...this.#parts.slice(1)] : [rest];
    this.#has -= count;
    return all.subarray(0, count);
  }
}
