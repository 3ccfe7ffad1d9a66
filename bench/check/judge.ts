// Whether a crawl has become costlier than it was when its figure was kept.
import type { Sample } from '../measure/measure.ts';
import { median } from '../speed/figures.ts';

/** CPU for a page, as a multiple of what the bare loop needs. `total` is of drover and of its Redis. */
export interface CostOfRun {
  total: number;
  drover: number;
  redis: number;
}

export interface Verdict {
  cost: CostOfRun;
  /** What the total may be at most. */
  limit: number;
  isAbove: boolean;
  /** One line for a terminal. */
  words: string;
}

/** The two must have run one after the other. */
export function costOfRun(loop: Sample, crawl: Sample): CostOfRun {
  const ofLoop = loop.process.cpuSeconds / loop.pages;
  const times = (cpuSeconds = 0) => cpuSeconds / crawl.pages / ofLoop;
  const [drover, redis] = [times(crawl.process.cpuSeconds), times(crawl.redis?.cpuSeconds)];
  return { total: drover + redis, drover, redis };
}

export function medianOf(costs: readonly CostOfRun[]): CostOfRun {
  const of = (figure: keyof CostOfRun) => median(costs.map((cost) => cost[figure]));
  return { total: of('total'), drover: of('drover'), redis: of('redis') };
}

/** `tolerance` is a share of the kept total. Where none is kept, nothing is above it. */
export function judge(cost: CostOfRun, kept: CostOfRun | null, tolerance: number): Verdict {
  const limit = kept ? kept.total * (1 + tolerance) : Number.POSITIVE_INFINITY;
  const words = kept
    ? `${wordsOf(cost)}; kept: ${wordsOf(kept)}; ${changeOf(cost.total / kept.total)}`
    : wordsOf(cost);
  return { cost, limit, isAbove: cost.total > limit, words };
}

function wordsOf({ total, drover, redis }: CostOfRun): string {
  return `${total.toFixed(2)} times the loop's CPU (drover ${drover.toFixed(2)}, Redis ${redis.toFixed(2)})`;
}

function changeOf(times: number): string {
  const percent = 100 * (times - 1);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}
