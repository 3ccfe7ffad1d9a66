// The scales of a plot: where values stand on an axis, and which of them are told.

/** Where each value stands on a logarithmic axis of this width. The values are in rising order. */
export function logScale(values: readonly number[], width: number): (value: number) => number {
  const [least, most] = [values[0] ?? 1, values.at(-1) ?? 1];
  if (least === most) return () => width / 2;
  const margin = 12;
  const room = width - 2 * margin;
  return (value) => margin + (Math.log(value / least) / Math.log(most / least)) * room;
}

/** Labels that would stand on one another are left out. */
export function readable(values: readonly number[], x: (value: number) => number): number[] {
  const shown: number[] = [];
  for (const value of values)
    if (shown.length === 0 || x(value) - x(shown.at(-1) as number) >= 24) shown.push(value);
  return shown;
}

/** 0 and up to five round steps above it, the last at or above the highest value. */
export function niceTicks(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}

/** To a tenth of a pixel. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
