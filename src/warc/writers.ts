// The archives that a process writes: one writer for each crawl. Files that nothing is added to any more are
// completed.
import type { Exchange } from '../fetch/exchange.ts';
import type { ExchangeNotes } from './exchange-records.ts';
import { findWarcs } from './repair.ts';
import { type WarcOptions, WarcWriter } from './writer.ts';

/** How long a writer may have nothing to write before its file is completed. */
const IDLE_MS = 300_000;
const LOOK_MS = 30_000;

export interface WarcWriters {
  /** Resolves when the records are on disk. Rejects with E_DISK_FULL or E_FILE. */
  write(options: WarcOptions, exchange: Exchange, notes: ExchangeNotes): Promise<void>;
  /** Completes all files. */
  close(): Promise<void>;
}

/** `onError`: told what goes wrong when files are completed or repaired; their records are on disk. */
export function createWarcWriters(onError: (error: unknown) => void): WarcWriters {
  const writers = new Map<string, { writer: WarcWriter; options: WarcOptions }>();
  let timer: NodeJS.Timeout | null = null;

  function open(options: WarcOptions): WarcWriter {
    const key = `${options.directory}\0${options.recordsFolder}`;
    const known = writers.get(key);
    if (known) return known.writer;
    const writer = new WarcWriter(options);
    writers.set(key, { writer, options });
    timer ??= setInterval(completeIdle, LOOK_MS).unref();
    repair(options).catch(onError);
    return writer;
  }

  function completeIdle(): void {
    const since = performance.now() - IDLE_MS;
    for (const [key, { writer }] of writers) {
      if (!writer.isIdle || writer.lastAt > since) continue;
      writers.delete(key);
      writer.finish().catch(onError);
    }
  }

  return {
    write: (options, exchange, notes) => open(options).write(exchange, notes),
    async close() {
      if (timer) clearInterval(timer);
      for (const { writer, options } of writers.values()) {
        await writer.finish().catch(onError);
        await repair(options).catch(onError);
      }
      writers.clear();
    },
  };
}

/** Completes what consumers that were killed have left. */
async function repair({ directory, recordsFolder }: WarcOptions): Promise<void> {
  await findWarcs(directory, recordsFolder);
}
