// The figure that `npm run bench -- --check` holds a crawl against.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CostOfRun } from './judge.ts';

/** The median of the runs, and where and of what it was measured. */
export interface KeptCost extends CostOfRun {
  pages: number;
  concurrency: number;
  runs: number;
  /** The day, such as 2026-11-29. */
  date: string;
  machine: string;
}

const file = fileURLToPath(new URL('kept.json', import.meta.url));

export function readKept(): KeptCost | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptCost) : null;
}

export function writeKept(kept: KeptCost): void {
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}
