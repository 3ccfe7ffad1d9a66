// The samples of the last hour, and the series that the plots make of them: differences of counters,
// percentiles of histograms.

const KEPT_MS = 3_600_000;

/** Merges two lists of samples: one for each moment, oldest first, the last hour only. */
export function mergeSamples(former, added) {
  const byTime = new Map([...(former ?? []), ...added].map((sample) => [sample.at, sample]));
  const all = [...byTime.values()].sort((a, b) => a.at - b.at);
  const since = (all.at(-1)?.at ?? 0) - KEPT_MS;
  return all.filter(({ at }) => at >= since);
}

/**
 * Makes the series for the plots. A counter is shown as its growth since the sample before. There is a gap
 * where a counter fell (the fleet was started anew) or samples are missing.
 */
export function seriesOf(samples, everyMs) {
  const at = samples.map((sample) => sample.at / 1000);
  const layers = [...new Set(samples.flatMap(({ errors }) => Object.keys(errors)))].sort();
  const steps = samples.map((sample, index) => stepOf(samples[index - 1], sample, everyMs));
  const perSecond = (figure) =>
    steps.map((step) => step && (figure(step.after) - figure(step.before)) / step.seconds);
  const percentile = (share) =>
    steps.map((step) => step && percentileOf(step.before.latency, step.after.latency, share));
  const errors = layers.map((layer) => ({
    layer,
    values: perSecond((sample) => sample.errors[layer] ?? 0).map((value) => value && value * 60),
  }));
  return {
    at,
    pages: perSecond(({ recorded }) => recorded),
    errors: errors.filter(({ values }) => values.some((value) => value > 0)),
    latency: { p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99), longest: percentile(1) },
    waiting: samples.map(({ waiting }) => waiting),
    open: samples.map(({ open }) => open),
    delayed: samples.map(({ delayed }) => delayed),
  };
}

const counters = ['recorded', 'refused', 'dead', 'retries', 'postponed', 'bytes'];

function stepOf(before, after, everyMs) {
  if (!before || after.at - before.at > everyMs * 3) return null;
  if (counters.some((name) => after[name] < before[name])) return null;
  return { before, after, seconds: (after.at - before.at) / 1000 };
}

/**
 * Percentile (0 to 1) of the values added between two states of a histogram, in ms. Values are taken as
 * evenly spread within a bucket. Null when no value was added.
 */
export function percentileOf(before, after, share) {
  const grown = after.counts.map((count, index) => Math.max(0, count - (before.counts[index] ?? 0)));
  const wanted = grown.reduce((sum, count) => sum + count, 0) * share;
  if (wanted === 0) return null;
  let passed = 0;
  for (const [index, count] of grown.entries()) {
    if (passed + count >= wanted) {
      const low = after.bounds[index - 1] ?? 0;
      const high = after.bounds[index] ?? low;
      return low + ((wanted - passed) / count) * (high - low);
    }
    passed += count;
  }
  return after.bounds.at(-1) ?? null;
}
