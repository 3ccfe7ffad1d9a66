// The figures of a part from its samples: medians, per page and per 1,000 pages.
import type { Sample } from '../measure/measure.ts';
import type { Usage } from '../measure/process-use.ts';
import type { RedisUse } from '../measure/redis-use.ts';

export type PartName = 'got' | 'bullmq' | 'crawl' | 'list' | 'handler' | 'query';

/** The figures of each part. Every figure is the median of the part's runs. */
export type Figures = Partial<Record<PartName, PartFigures>>;

export interface PartFigures {
  runs: number;
  pages: number;
  pagesPerSecond: number;
  wallSeconds: number;
  /** CPUs that other processes kept busy. If this is high, the figures mean nothing. */
  otherCpus: number;
  startSeconds: number | null;
  /** CPU seconds for 1,000 pages. */
  cpu: { process: number; redis: number | null; server: number | null };
  peakBytes: { process: number; redis: number | null };
  /** Calls of scripts per page, which are nearly all calls of clients, and the reads of Redis for them. */
  redisScripts: number | null;
  redisReads: number | null;
  redisCalls: Record<string, number> | null;
}

/** The figures of one part from the samples of its runs. */
export function figuresOf(samples: readonly Sample[]): PartFigures {
  /** The median of a figure over the samples that have it; null if none has it. */
  const of = (figure: (sample: Sample) => number | null | undefined) => {
    const values = samples.map(figure).filter((value) => typeof value === 'number');
    return values.length > 0 ? median(values) : null;
  };
  const cpu = (use: (sample: Sample) => Usage | null) =>
    of((sample) => per(sample.pages / 1000, use(sample)?.cpuSeconds));
  const [first] = samples;
  return {
    runs: samples.length,
    pages: first?.pages ?? 0,
    pagesPerSecond: of(({ pages, seconds }) => pages / seconds) ?? 0,
    wallSeconds: of(({ wallSeconds }) => wallSeconds) ?? 0,
    otherCpus: of((sample) => Math.max(0, otherSeconds(sample)) / sample.wallSeconds) ?? 0,
    startSeconds: of(({ startSeconds }) => startSeconds),
    cpu: {
      process: cpu(({ process }) => process) ?? 0,
      redis: cpu(({ redis }) => redis),
      server: cpu(({ server }) => server),
    },
    peakBytes: {
      process: of(({ process }) => process.peakBytes) ?? 0,
      redis: of(({ redis }) => redis?.peakBytes),
    },
    redisScripts: of(({ pages, redis }) => per(pages, redis && scriptCalls(redis))),
    redisReads: of(({ pages, redis }) => per(pages, redis?.reads)),
    redisCalls: first?.redis ? perPage(first.redis, first.pages) : null,
  };
}

function otherSeconds({ busySeconds, process, redis, server }: Sample): number {
  return busySeconds - process.cpuSeconds - (redis?.cpuSeconds ?? 0) - (server?.cpuSeconds ?? 0);
}

function per(count: number, value: number | null | undefined): number | null {
  return typeof value === 'number' ? value / count : null;
}

function scriptCalls({ calls }: RedisUse): number {
  return (calls.evalsha ?? 0) + (calls.eval ?? 0) + (calls.fcall ?? 0);
}

function perPage({ calls }: RedisUse, pages: number): Record<string, number> {
  return Object.fromEntries(Object.entries(calls).map(([name, n]) => [name, n / pages]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const pair = Number.isInteger(middle)
    ? sorted.slice(middle - 1, middle + 1)
    : [sorted[Math.floor(middle)] ?? 0];
  return pair.reduce((sum, value) => sum + value, 0) / pair.length;
}
