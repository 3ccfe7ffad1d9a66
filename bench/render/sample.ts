// What the processes of a browser take while a crawl runs: how many they are, and their memory.
import { readFileSync } from 'node:fs';
import { descendantsOf } from '../measure/process-tree.ts';

const MB = 1024 ** 2;
const EVERY_MS = 1000;

export interface BrowserUse {
  /** The memory of all processes of the browser in MB, what they share counted once: for each second. */
  readonly megabytes: number[];
  /** The memory of drover's own process in MB, for each second. */
  readonly own: number[];
  /** Every process that was seen. */
  readonly pids: Set<number>;
  mostProcesses: number;
  stop(): void;
}

export function watchBrowser(pid: number): BrowserUse {
  const use: BrowserUse = {
    ...{ megabytes: [], own: [], pids: new Set<number>(), mostProcesses: 0 },
    stop: () => clearInterval(timer),
  };
  const timer = setInterval(() => {
    const browsers = descendantsOf(pid).filter((one) => /headless-shell|chrom/.test(textOf(one, 'comm')));
    for (const one of browsers) use.pids.add(one);
    use.mostProcesses = Math.max(use.mostProcesses, browsers.length);
    use.megabytes.push(browsers.reduce((sum, one) => sum + sharedMemoryOf(one), 0));
    use.own.push(sharedMemoryOf(pid));
  }, EVERY_MS);
  return use;
}

/** What has ended and is only waited for does not count. */
export const isThere = (pid: number): boolean => /\) [^Z] /.test(textOf(pid, 'stat'));

const sharedMemoryOf = (pid: number): number =>
  (Number(/^Pss:\s+(\d+) kB/m.exec(textOf(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024) / MB;

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim();
  } catch {
    return '';
  }
}
