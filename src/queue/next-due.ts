// When a cron pattern is due next, by the clock of a time zone.
import { CronExpressionParser } from 'cron-parser';

export interface Cron {
  cron: string;
  /** IANA name of a time zone. */
  zone: string;
}

const MINUTE_MS = 60_000;
/** A night in which clocks go back is over by then. */
const DAY_MS = 26 * 3_600_000;

/** The next time after `from` (both in milliseconds); null when there is none. Throws for a bad pattern. */
export function nextDue(given: Cron, from: number): number | null {
  return askParser(given, from) ?? searchDay(given, from) ?? askParser(given, from + DAY_MS);
}

/** Null as well where cron-parser fails: its search loses its way in some zones when clocks go back. */
function askParser({ cron, zone }: Cron, from: number): number | null {
  const times = CronExpressionParser.parse(cron, { tz: zone, currentDate: new Date(from) });
  const next = times.hasNext() ? times.next().getTime() : null;
  return next !== null && next > from ? next : null;
}

/** Looks at each minute of a day. */
function searchDay({ cron, zone }: Cron, from: number): number | null {
  const times = CronExpressionParser.parse(cron, { tz: zone });
  const milliseconds = times.fields.second.values.map((second) => Number(second) * 1000);
  const [first = 0] = milliseconds;
  for (let minute = from - (from % MINUTE_MS); minute <= from + DAY_MS; minute += MINUTE_MS) {
    if (!times.includesDate(new Date(minute + first))) continue;
    const due = milliseconds.map((ms) => minute + ms).find((at) => at > from);
    if (due !== undefined) return due;
  }
  return null;
}
