// Finds the main content of pages on threads, each page within a time limit: a page that takes longer, or
// that ends its thread, gets its plain text instead.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ExtractedPage, ExtractTask } from './extract-worker.ts';

export interface Extractor {
  /** How many pages are worked on at once. */
  readonly threads: number;
  /** Never rejects. */
  extract(html: string, url: string): Promise<ExtractedPage>;
  close(): Promise<void>;
}

const MOST_THREADS = 4;
/** The time limit of one page, which usually takes 10 to 50 ms. */
const MOST_MS = 2000;
/** The time in which a thread must have begun: it loads its libraries first, which takes half a second. */
const MOST_START_MS = 30_000;
/** Longer pages get their plain text: they take seconds, and hundreds of megabytes. */
const MOST_CHARACTERS = 2 * 1024 * 1024;
/** Of the plain text of a page, what comes later is left out. */
const MOST_PLAIN = 16 * 1024 * 1024;

/** `mostMs`: the time limit of one page. */
export async function openExtractor({ mostMs = MOST_MS } = {}): Promise<Extractor> {
  const { Piscina } = await import('piscina');
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism()));
  const pool = new Piscina<ExtractTask, ExtractedPage>({
    filename: workerFile(),
    ...{ minThreads: 1, maxThreads: threads, idleTimeout: 60_000 },
    resourceLimits: { maxOldGenerationSizeMb: 512, stackSizeMb: 4 },
  });
  const begun = new Map<number, () => void>();
  pool.on('message', ({ started }: { started: number }) => begun.get(started)?.());
  pool.on('error', () => undefined); // a thread has ended, which its page is told too
  let number = 0;

  async function run(html: string, url: string, plain: string | null): Promise<ExtractedPage> {
    const task = { number: ++number, html: html.slice(0, MOST_PLAIN), url, plain };
    const limit = new AbortController();
    let timer = setTimeout(() => limit.abort(), MOST_START_MS);
    begun.set(task.number, () => {
      clearTimeout(timer);
      timer = setTimeout(() => limit.abort(), plain === null ? mostMs : MOST_MS);
    });
    try {
      return await pool.run(task, { signal: limit.signal });
    } finally {
      clearTimeout(timer);
      begun.delete(task.number);
    }
  }

  return {
    threads,
    async extract(html, url) {
      const isLong = html.length > MOST_CHARACTERS;
      const why = isLong ? `the page has more than ${MOST_CHARACTERS} characters` : null;
      try {
        return await run(html, url, why);
      } catch (error) {
        const failed =
          (error as Error).name === 'AbortError' ? `it took longer than ${mostMs} ms` : 'its thread ended';
        return run(html, url, why ?? failed).catch(() => nothing(failed));
      }
    },
    close: () => pool.destroy(),
  };
}

function nothing(plain: string): ExtractedPage {
  return { markdown: '', title: null, published: null, language: null, canonical: null, plain };
}

/** The sources run as they are, and in dist/ they are JavaScript. */
function workerFile(): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./extract-worker.${ending}`, import.meta.url));
}
