// Finds where the header of a gzip member and where a zstd frame end, however the data is cut into pieces.

/** A body that cannot be decoded. `isCutOff`: its data stops before its end, and no other fault was found. */
export class CodingError extends Error {
  readonly isCutOff: boolean;

  constructor(message: string, isCutOff = false) {
    super(message);
    this.isCutOff = isCutOff;
  }
}

/**
 * The rule of a format: it yields how many bytes to pass over, at least one, and gets the last of them back.
 * It returns where the header or the frame ends, and throws a CodingError for bytes that cannot be one.
 */
export type Rule = Generator<number, void, number>;

/** Follows a rule through the pieces of the data. */
export class Walk {
  isOver = false;
  readonly #rule: Rule;
  #bytes = 0;

  constructor(rule: Rule) {
    this.#rule = rule;
    this.#next(rule.next());
  }

  /**
   * The number of bytes of `data`, from `from` on, up to the end. All of them as long as `isOver` is false.
   */
  take(data: Uint8Array, from = 0): number {
    let at = from;
    while (!this.isOver && at < data.length) {
      const step = Math.min(this.#bytes, data.length - at);
      at += step;
      this.#bytes -= step;
      if (this.#bytes === 0) this.#next(this.#rule.next(data[at - 1] as number));
    }
    return at - from;
  }

  #next({ done, value }: IteratorResult<number, void>): void {
    this.isOver = done === true;
    this.#bytes = value ?? 0;
  }
}
