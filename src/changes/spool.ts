// Texts in the order in which they came, however many: the first are kept in memory, the rest in a file
// without a name.
import { closeSync, readSync, writeSync } from 'node:fs';
import { diskError, openNameless } from '../records/disk.ts';

/** Bytes that are kept in memory, and bytes that are written at once. */
const MOST_IN_MEMORY = 8 * 1024 * 1024;
const PIECE = 256 * 1024;

export class Spool {
  readonly #dir: string;
  readonly #mostInMemory: number;
  readonly #first: string[] = [];
  #bytesInMemory = 0;
  #file: number | null = null;
  /** Of each text in the file, its first byte; and the first of the next one. */
  #starts = new Float64Array(1024);
  #inFile = 0;
  #written = 0;
  #unwritten: Buffer[] = [];
  #unwrittenBytes = 0;

  /** `dir`: where the file is made if there must be one. */
  constructor(dir: string, mostInMemory = MOST_IN_MEMORY) {
    this.#dir = dir;
    this.#mostInMemory = mostInMemory;
  }

  get size(): number {
    return this.#first.length + this.#inFile;
  }

  get bytes(): number {
    return this.#bytesInMemory + this.#written + this.#unwrittenBytes;
  }

  /** All texts, when they are few enough to be in memory; otherwise null. */
  inMemory(): readonly string[] | null {
    return this.#inFile === 0 ? this.#first : null;
  }

  /** Returns the number of the text, counted from 0. Throws E_DISK_FULL, E_FILE. */
  add(text: string): number {
    if (this.#inFile === 0 && this.#bytesInMemory < this.#mostInMemory) {
      this.#bytesInMemory += Buffer.byteLength(text);
      return this.#first.push(text) - 1;
    }
    const bytes = Buffer.from(text);
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += bytes.length;
    this.#inFile++;
    if (this.#inFile >= this.#starts.length) {
      const larger = new Float64Array(this.#starts.length * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#inFile] = this.#written + this.#unwrittenBytes;
    if (this.#unwrittenBytes > PIECE) this.#write();
    return this.size - 1;
  }

  /** Throws E_FILE. */
  read(number: number): string {
    const inMemory = this.#first[number];
    if (inMemory !== undefined) return inMemory;
    this.#write();
    const at = number - this.#first.length;
    const start = this.#starts[at] as number;
    const bytes = Buffer.allocUnsafe((this.#starts[at + 1] as number) - start);
    try {
      for (let done = 0; done < bytes.length; )
        done += readSync(this.#file as number, bytes, done, bytes.length - done, start + done);
    } catch (error) {
      throw diskError(error, this.#dir);
    }
    return bytes.toString();
  }

  *all(): Generator<string> {
    for (let number = 0; number < this.size; number++) yield this.read(number);
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#first.length = 0;
    this.#inFile = 0;
  }

  #write(): void {
    if (this.#unwrittenBytes === 0) return;
    const bytes = Buffer.concat(this.#unwritten);
    try {
      this.#file ??= openNameless(this.#dir, 'changes');
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      throw diskError(error, this.#dir);
    }
    this.#written += bytes.length;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
  }
}
