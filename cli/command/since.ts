// --since: from which time on.
import { parseSetting } from '../../src/config/parse.ts';
import { DroverError } from '../../src/errors.ts';

/** Reads a duration back from now, or a time; returns milliseconds since 1970. Throws E_USAGE. */
export function timeOf(text: string, now = Date.now()): number {
  const isDate = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text);
  const isDuration = /^\d+(\.\d+)?\s*(ms|s|m|h|d)$/.test(text);
  const time = isDate
    ? Date.parse(text)
    : isDuration
      ? now - (parseSetting('keepDead', text, '--since') ?? 0)
      : Number.NaN;
  if (Number.isNaN(time) || (isDate && !existsOnCalendar(text)))
    throw new DroverError(
      'E_USAGE',
      `--since: expected a duration such as 2h or 7d, or a time such as 2026-01-31T12:00 (got ${JSON.stringify(text)}).`,
    );
  if (time > now) throw new DroverError('E_USAGE', `--since: ${text} is in the future.`);
  return time;
}

/** False for a date such as February 31, which Date.parse takes for a day in March. */
function existsOnCalendar(text: string): boolean {
  const date = text.slice(0, 10);
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}
