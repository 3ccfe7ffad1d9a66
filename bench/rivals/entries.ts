// What is run and compared: drover, the references, the rivals. Each is a function from a site to a sample.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countLines } from '../measure/lines.ts';
import {
  type Bench,
  runMeasured,
  type Sample,
  spanOf,
  watchServer,
  withDirectory,
} from '../measure/measure.ts';
import { droverCrawl, droverList } from '../speed/drover-crawl.ts';
import { gotLoop } from '../speed/got-loop.ts';
import { CannotBeHad, ownVersion } from './install.ts';
import { type ReadyRival, type Rival, rivals } from './rivals.ts';

export interface Entry {
  name: string;
  title: string;
  version: string;
  /** Whether it finds the pages by their links; otherwise it gets a list of them. */
  isFollowing: boolean;
  /** Which state survives the end of its process. */
  keeps: string;
  /** Throws an Error if not every page was fetched and written. */
  run(bench: Bench): Promise<Sample>;
}

export interface LeftOut {
  title: string;
  because: string;
}

/** How long one run may take: the slowest of the rivals needs some two minutes on an idle machine. */
const LIMIT_MS = 60 * 60_000;

const references: readonly Omit<Entry, 'version'>[] = [
  {
    name: 'drover',
    title: 'drover crawl',
    isFollowing: true,
    keeps: 'all, after kill -9 too',
    run: droverCrawl,
  },
  {
    name: 'list',
    title: 'drover crawl of a list',
    isFollowing: false,
    keeps: 'all, after kill -9 too',
    run: droverList,
  },
  {
    name: 'got',
    title: 'bare loop over got.stream',
    isFollowing: false,
    keeps: 'nothing',
    run: gotLoop,
  },
];

/** The names that --only takes. */
export const entryNames = [...references, ...rivals].map(({ name }) => name);

/** Makes ready what is wanted, and says what cannot be had. */
export async function entriesOf(
  wanted: readonly string[],
): Promise<{ entries: Entry[]; leftOut: LeftOut[] }> {
  const entries: Entry[] = [];
  const leftOut: LeftOut[] = [];
  for (const reference of references.filter(({ name }) => wanted.includes(name)))
    entries.push({ ...reference, version: await ownVersion(reference.name === 'got' ? 'got' : 'drover') });
  for (const rival of rivals.filter(({ name }) => wanted.includes(name))) {
    try {
      const ready = await rival.prepare();
      const run = (bench: Bench) => rivalSample(bench, rival, ready);
      entries.push({ ...rival, version: ready.version, run });
    } catch (error) {
      if (!(error instanceof CannotBeHad)) throw error;
      leftOut.push({ title: rival.title, because: error.message });
    }
  }
  return { entries, leftOut };
}

async function rivalSample(bench: Bench, rival: Rival, ready: ReadyRival): Promise<Sample> {
  const { site, concurrency } = bench;
  const pages = bench.pages + (rival.isFollowing ? 1 : 0);
  return withDirectory(async (directory) => {
    const [list, output] = [join(directory, 'list.txt'), join(directory, 'pages.jsonl')];
    const urls = Array.from({ length: bench.pages }, (_, page) => `${site.url}/p/${page}\n`);
    await writeFile(list, urls.join(''));
    const command = ready.command({ url: `${site.url}/`, list, concurrency, output });
    const { result, server, log } = await watchServer(site, () =>
      runMeasured(command, { cwd: directory, limitMs: LIMIT_MS }),
    );
    const { first, seconds } = spanOf(log, pages);
    const lines = await countLines(output);
    if (lines !== pages) throw new Error(`${lines} lines were written, not ${pages}: this measured nothing`);
    const { usage, wallSeconds, busySeconds, startedAt } = result;
    const startSeconds = (first - startedAt) / 1000;
    return {
      ...{ pages, seconds, wallSeconds, busySeconds, startSeconds },
      ...{ process: usage, server, redis: null },
    };
  });
}
