// What a consumer counts: one number for each series of src/metrics.ts, handed on once a second (src/fleet/heartbeat.ts). Counting is an addition.
import { fields, gathered, type Metric, OTHER, placeOf, requestErrors } from '../metrics.ts';

export interface Meters {
  /** Raises a counter of the catalogue; what has no series of its own there goes to `other`, if there is one, or is not counted. */
  count(metric: Metric, row: string | null, by?: number): void;
  error(code: string): void;
  /** Notes a time in milliseconds in a histogram. */
  observe(metric: Metric, row: string | null, ms: number): void;
  /** What came since the last call: field and whole number, in turn. */
  take(): (string | number)[];
}

export function createMeters(): Meters {
  const counts = new Float64Array(fields.length);
  const errors = new Map<string, number | undefined>(
    requestErrors.map(([layer, code]) => [code, placeOf(gathered.errors, layer, code)]),
  );
  /** By metric and row, so that no name is put together for a page. */
  const known = new Map<Metric, Map<string | null, number | undefined>>();

  function find(metric: Metric, row: string | null): number | undefined {
    const rows = known.get(metric) ?? new Map<string | null, number | undefined>();
    if (rows.size === 0) known.set(metric, rows);
    if (rows.has(row)) return rows.get(row);
    const place = row === null ? placeOf(metric) : (placeOf(metric, row) ?? placeOf(metric, OTHER));
    if (rows.size <= metric.series.length) rows.set(row, place);
    return place;
  }

  const add = (place: number | undefined, by: number) => {
    if (place !== undefined) counts[place] = (counts[place] ?? 0) + by;
  };

  return {
    count: (metric, row, by = 1) => add(find(metric, row), by),
    error: (code) => add(errors.get(code), 1),
    observe(metric, row, ms) {
      const place = find(metric, row);
      if (place === undefined) return;
      const { bounds } = metric;
      const seconds = ms / 1000;
      let bucket = 0;
      while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
      add(place + bucket, 1);
      add(place + bounds.length + 1, ms * 1000);
    },
    take() {
      const taken: (string | number)[] = [];
      for (let place = 0; place < counts.length; place++) {
        const whole = Math.floor(counts[place] ?? 0);
        if (whole === 0) continue;
        taken.push(fields[place] ?? '', whole);
        add(place, -whole); // what is left of a microsecond goes with the next
      }
      return taken;
    },
  };
}
