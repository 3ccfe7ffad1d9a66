// The figures of the last run of each size, so that the sizes can be measured one at a time: the largest
// takes half an hour.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GrowthFigures } from './run.ts';

export interface KeptGrowth extends GrowthFigures {
  /** The day, such as 2026-11-29. */
  date: string;
  /** The machine and what ran on it, in words. */
  machine: string;
}

const file = fileURLToPath(new URL('kept.json', import.meta.url));

export function readKept(): KeptGrowth[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptGrowth[]) : [];
}

export function writeKept(kept: readonly KeptGrowth[]): void {
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

/** The newer figures of each size, in rising order. */
export function mergeKept(older: readonly KeptGrowth[], newer: readonly KeptGrowth[]): KeptGrowth[] {
  const bySize = new Map([...older, ...newer].map((one) => [one.pages, one]));
  return [...bySize.values()].sort((a, b) => a.pages - b.pages);
}
