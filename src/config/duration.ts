// How long: "500", "500ms", "2s", "5m", "24h", "30d", or a number of milliseconds.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In milliseconds; null for any other text. */
export function readDuration(text: string): number | null {
  const [, value, unit = 'ms'] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  return value === undefined ? null : Math.round(Number(value) * (UNITS[unit] ?? 1));
}
