// Compares two runs of a crawl: reads the former one, the newer one, earlier ones where something may have
// come back, and the former one once more. What the newer one found is kept aside where it differs.
import { setImmediate } from 'node:timers/promises';
import { eachRecordLine, type RecordLine } from '../records/record-lines.ts';
import type { RecordPiece } from '../records/store.ts';
import {
  type Concluded,
  type ConcludeOptions,
  changeBetween,
  conclude,
  type Former,
  type Found,
  shownItems,
} from './conclude.ts';
import { changeOf } from './decide.ts';
import { FoundTable } from './found-table.ts';
import type { Change, ChangeCounts, ChangeKind } from './kinds.ts';
import { type PageText, pageTextOf } from './page-text.ts';
import { printOf, type RecordHead, seenPageOf } from './seen-page.ts';
import { Spool } from './spool.ts';

/** A run whose records can be read, more than once. */
export interface ReadableRun {
  crawl: string;
  keepsBodies: boolean;
  /** Whether all requests of the run have a record here. It is asked after the first reading. */
  isWhole(): boolean;
  read(): AsyncIterable<RecordPiece>;
}

export interface EarlierRun {
  crawl: string;
  /** The records of pages that answered. */
  read(): AsyncIterable<RecordPiece>;
}

export interface ComparisonOptions extends ConcludeOptions {
  /** The kinds that are listed; all are counted. */
  kinds: readonly ChangeKind[];
  /** Lines of texts that do not count. */
  ignore: RegExp | null;
  /** Bytes of texts that are kept aside, and milliseconds for all comparisons of texts. */
  mostTextBytes: number;
  mostDiffMs: number;
  /** Where files without a name are made. */
  dir: string;
  signal?: AbortSignal | undefined;
}

export interface ComparisonParts {
  from: ReadableRun;
  to: ReadableRun;
  /** Newest first. Those beyond MOST_EARLIER are not read. */
  earlier: readonly EarlierRun[];
  options: ComparisonOptions;
}

/** Others in this process get a chance after so long. */
const BREATH_MS = 30;

type Line = RecordLine & { head: RecordHead };

/** The changes, until `close`. */
export class RunComparison {
  readonly counts: ChangeCounts = { new: 0, changed: 0, gone: 0, back: 0, unknown: 0, same: 0 };
  /** Whether texts were left out because there were too many. */
  leftOutTexts = false;
  readonly #parts: ComparisonParts;
  readonly #table = new FoundTable();
  readonly #kept: Spool;
  readonly #listed: ReadonlyMap<ChangeKind, Spool>;
  #diffMs = 0;
  #breath = performance.now();

  constructor(parts: ComparisonParts) {
    const { kinds, dir } = parts.options;
    this.#parts = parts;
    this.#kept = new Spool(dir);
    this.#listed = new Map(kinds.map((kind) => [kind, new Spool(dir)]));
  }

  /**
   * To be called once. Memory: 20 to 25 bytes for each request of both runs, 8 for each that differs, and up
   * to 8 MiB for each list. Throws what reading records throws, E_DISK_FULL, E_FILE, and the signal's reason.
   */
  async run(): Promise<void> {
    const { from, to } = this.#parts;
    for await (const { head } of this.#lines(from.read())) {
      const page = seenPageOf(head);
      this.#table.noteFrom(page.id, page.standing, printOf(page));
    }
    let returned = 0;
    for await (const line of this.#lines(to.read())) returned += this.#takeTo(line);
    if (returned > 0) await this.#lookBack(returned);
    for await (const line of this.#lines(from.read())) this.#takeFrom(line);
    for (const text of this.#kept.all()) {
      const kept = JSON.parse(text) as Found;
      if (this.#table.find(kept.page.id) && this.#table.standing === null) this.#conclude(kept, null);
      await this.#breathe();
    }
    this.#kept.close();
  }

  /** The changes of a listed kind: by URL, or in the order of the records when there are very many. */
  *list(kind: ChangeKind): Generator<Change> {
    const spool = this.#listed.get(kind);
    const few = spool?.inMemory()?.map((text) => JSON.parse(text) as Change);
    if (few) yield* few.sort((a, b) => (a.url < b.url ? -1 : 1));
    else for (const text of spool?.all() ?? []) yield JSON.parse(text) as Change;
  }

  close(): void {
    this.#kept.close();
    for (const spool of this.#listed.values()) spool.close();
  }

  async *#lines(pieces: AsyncIterable<RecordPiece>): AsyncGenerator<Line> {
    for await (const line of eachRecordLine(pieces)) {
      yield line;
      await this.#breathe();
    }
  }

  #breathe(): Promise<void> | void {
    this.#parts.options.signal?.throwIfAborted();
    if (performance.now() - this.#breath < BREATH_MS) return;
    return setImmediate().then(() => {
      this.#breath = performance.now();
    });
  }

  /** A record of the newer run. Returns 1 if an earlier run must be asked about it, else 0. */
  #takeTo(line: Line): number {
    const { from, to } = this.#parts;
    const table = this.#table;
    const page = seenPageOf(line.head);
    table.enterTo(page.id);
    const isSaidUnchanged = line.head.unchanged?.crawl === from.crawl && table.standing === 'there';
    const wholeness = { fromIsWhole: from.isWhole(), toIsWhole: to.isWhole() };
    const kind = changeOf(table.standing, page.standing, wholeness);
    if (kind === null) return 0;
    if (kind === 'compare' && (isSaidUnchanged || table.print === printOf(page))) {
      if (page.standing === 'there') this.counts.same++;
      return 0;
    }
    const isCompared = kind === 'compare' && page.standing === 'there' && table.standing === 'there';
    const isFull = this.#kept.bytes > this.#parts.options.mostTextBytes;
    const text =
      isCompared && this.#wantsTexts() ? (isFull ? this.#leaveOutText() : this.#textOf(line, to)) : null;
    const items = isCompared ? shownItems(line.head.items) : null;
    table.keep(this.#kept.add(JSON.stringify({ kind, page, text, items } satisfies Found)));
    if (kind !== 'returned') return 0;
    table.markReturned();
    return 1;
  }

  #wantsTexts(): boolean {
    const { diff, textOnly, kinds } = this.#parts.options;
    return textOnly || (diff && kinds.includes('changed'));
  }

  #textOf(line: RecordLine, { keepsBodies }: ReadableRun): PageText {
    if (this.#diffMs > this.#parts.options.mostDiffMs) return this.#leaveOutText();
    return pageTextOf(line.whole(), { keepsBodies, ignore: this.#parts.options.ignore });
  }

  #leaveOutText(): PageText {
    this.leftOutTexts = true;
    return { lines: null, why: 'not-compared' };
  }

  /** Looks for an earlier run in which each of the returned pages was there. */
  async #lookBack(returned: number): Promise<void> {
    let left = returned;
    for (const [index, run] of this.#parts.earlier.entries()) {
      for await (const { head } of this.#lines(run.read())) {
        if (!this.#table.find(head.id) || !this.#table.isReturned || this.#table.earlier > 0) continue;
        this.#table.earlier = index + 1;
        left--;
      }
      if (left === 0) return;
    }
  }

  /** A record of the former run, when all of the newer one is known. */
  #takeFrom(line: Line): void {
    const { from, to } = this.#parts;
    if (!this.#table.find(line.head.id)) return;
    const number = this.#table.kept;
    if (number !== null) this.#conclude(JSON.parse(this.#kept.read(number)) as Found, line);
    if (this.#table.isInTo) return;
    const page = seenPageOf(line.head);
    const kind = changeOf(page.standing, null, { fromIsWhole: from.isWhole(), toIsWhole: to.isWhole() });
    if (kind === 'gone' || kind === 'unknown') this.#tell({ kind, change: changeBetween(page, null) });
  }

  /** The change of a request that the newer run has. `line`: its record in the former one. */
  #conclude(found: Found, line: Line | null): void {
    const { from, earlier, options } = this.#parts;
    const began = performance.now();
    const former: Former | null = line && {
      page: seenPageOf(line.head),
      items: shownItems(line.head.items),
      text: () => this.#textOf(line, from),
    };
    const lastIn = earlier[this.#table.earlier - 1]?.crawl ?? null;
    const concluded = conclude(found, former, lastIn, options);
    this.#diffMs += performance.now() - began;
    if (concluded) this.#tell(concluded);
    else if (found.page.standing === 'there') this.counts.same++;
  }

  #tell({ kind, change }: Concluded): void {
    this.counts[kind]++;
    this.#listed.get(kind)?.add(JSON.stringify(change));
  }
}
