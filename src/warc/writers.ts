// The archives that a process writes: one writer for each crawl. Files that nothing is added to any more are
// completed.
import type { Exchange } from '../fetch/exchange.ts';
import type { ExchangeNotes } from './exchange-records.ts';
import type { PlaceListener, WarcPlace } from './open-warc.ts';
import { openWarcPlace } from './place.ts';
import { type WarcOptions, WarcWriter } from './writer.ts';

/** How long a writer may have nothing to write before its file is completed. */
const IDLE_MS = 300_000;
const LOOK_MS = 30_000;

export interface WarcWriters {
  /** Resolves when the records are durable. Rejects with E_DISK_FULL, E_FILE or an error of layer store. */
  write(options: WarcOptions, exchange: Exchange, notes: ExchangeNotes): Promise<void>;
  /** Completes all files. */
  close(): Promise<void>;
}

/** `onTrouble` is also told what goes wrong when files are completed or repaired; their records are safe. */
export function createWarcWriters(listener: PlaceListener): WarcWriters {
  const { onTrouble } = listener;
  const writers = new Map<string, { writer: WarcWriter; options: WarcOptions }>();
  const places = new Map<string, WarcPlace>();
  let timer: NodeJS.Timeout | null = null;

  function placeOf(address: string): WarcPlace {
    const place = places.get(address) ?? openWarcPlace(address, listener);
    places.set(address, place);
    return place;
  }

  function open(options: WarcOptions): WarcWriter {
    const key = `${options.place}\0${options.recordsFolder}`;
    const known = writers.get(key);
    if (known) return known.writer;
    const place = placeOf(options.place);
    const writer = new WarcWriter(options, place);
    writers.set(key, { writer, options });
    timer ??= setInterval(completeIdle, LOOK_MS).unref();
    place.repair(options.recordsFolder).catch(onTrouble);
    return writer;
  }

  function completeIdle(): void {
    const since = performance.now() - IDLE_MS;
    for (const [key, { writer }] of writers) {
      if (!writer.isIdle || writer.lastAt > since) continue;
      writers.delete(key);
      writer.finish().catch(onTrouble);
    }
  }

  return {
    write: (options, exchange, notes) => open(options).write(exchange, notes),
    async close() {
      if (timer) clearInterval(timer);
      for (const place of places.values()) place.hurry();
      for (const { writer, options } of writers.values()) {
        await writer.finish().catch(onTrouble);
        await placeOf(options.place).repair(options.recordsFolder).catch(onTrouble);
      }
      writers.clear();
      for (const place of places.values()) await place.close();
    },
  };
}
