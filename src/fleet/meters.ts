// The counters of one consumer: one number for each series of src/metrics.ts, sent to Redis once a second
// (src/fleet/heartbeat.ts). To count is one addition.
import { fields, gathered, type Metric, OTHER, requestErrors, seriesIndex } from '../metrics.ts';

export interface Meters {
  /**
   * Adds to a counter. A row without a series of its own is counted as `other`, or not at all if the metric
   * has no `other`.
   */
  count(metric: Metric, row: string | null, by?: number): void;
  error(code: string): void;
  /** Adds a time in milliseconds to a histogram. */
  observe(metric: Metric, row: string | null, ms: number): void;
  /** What was counted since the last call, as field and whole number in turn. */
  take(): (string | number)[];
}

export function createMeters(): Meters {
  const counts = new Float64Array(fields.length);
  const errors = new Map<string, number | undefined>(
    requestErrors.map(([layer, code]) => [code, seriesIndex(gathered.errors, layer, code)]),
  );
  /** The index by metric and row, so that no string is built for each page. */
  const known = new Map<Metric, Map<string | null, number | undefined>>();

  function find(metric: Metric, row: string | null): number | undefined {
    const rows = known.get(metric) ?? new Map<string | null, number | undefined>();
    if (rows.size === 0) known.set(metric, rows);
    if (rows.has(row)) return rows.get(row);
    const index =
      row === null ? seriesIndex(metric) : (seriesIndex(metric, row) ?? seriesIndex(metric, OTHER));
    if (rows.size <= metric.series.length) rows.set(row, index);
    return index;
  }

  const add = (index: number | undefined, by: number) => {
    if (index !== undefined) counts[index] = (counts[index] ?? 0) + by;
  };

  return {
    count: (metric, row, by = 1) => add(find(metric, row), by),
    error: (code) => add(errors.get(code), 1),
    observe(metric, row, ms) {
      const index = find(metric, row);
      if (index === undefined) return;
      const { bounds } = metric;
      const seconds = ms / 1000;
      let bucket = 0;
      while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
      add(index + bucket, 1);
      add(index + bounds.length + 1, ms * 1000);
    },
    take() {
      const taken: (string | number)[] = [];
      for (let index = 0; index < counts.length; index++) {
        const whole = Math.floor(counts[index] ?? 0);
        if (whole === 0) continue;
        taken.push(fields[index] ?? '', whole);
        add(index, -whole); // a fraction of a microsecond is sent later
      }
      return taken;
    },
  };
}
