// Joins the blocks that a writer has put by itself, while their bytes are still at hand: so nothing is read
// again, and one request deletes the small ones. What goes wrong is no trouble: they stay as they are.
import type { Bucket } from './bucket.ts';
import { compact, type HeldSegment, joinSegments } from './compact.ts';

/** So many blocks are joined, or fewer that are as large as this. */
const MOST_BLOCKS = 64;
const MOST_BYTES = 8 * 1024 * 1024;
/** Of all joiners of a process. */
const MOST_HELD = 32 * 1024 * 1024;
/** After the first of so many joins it is looked at what else there is to join. */
const LOOKS = 16;

export interface JoinerParts {
  bucket: Bucket;
  folder: string;
  isConditional(): Promise<boolean>;
}

let heldByAll = 0;

export class Joiner {
  readonly #parts: JoinerParts;
  #held: HeldSegment[] = [];
  #bytes = 0;
  #joined = 0;

  constructor(parts: JoinerParts) {
    this.#parts = parts;
  }

  /** The next block. The promise, which never rejects, is of a join that it is enough for. */
  add(block: HeldSegment): Promise<void> | null {
    const { length } = block.blocks;
    this.#held.push(block);
    this.#bytes += length;
    heldByAll += length;
    const isEnough = this.#held.length === MOST_BLOCKS || this.#bytes > MOST_BYTES || heldByAll > MOST_HELD;
    return isEnough ? this.finish({ looksAround: this.#joined++ % LOOKS === 0 }) : null;
  }

  /** Joins what it has; `looksAround`: and what others have left. Never rejects. */
  async finish({ looksAround = false } = {}): Promise<void> {
    const run = this.#held;
    const bytes = this.#bytes;
    this.#held = [];
    this.#bytes = 0;
    try {
      const isConditional = await this.#parts.isConditional();
      await joinSegments({ ...this.#parts, isConditional }, run);
      if (looksAround) await compact({ ...this.#parts, isConditional });
    } catch {
      // A later compaction does it.
    } finally {
      heldByAll -= bytes;
    }
  }
}
