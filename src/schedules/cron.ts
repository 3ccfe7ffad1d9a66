// The times of a schedule: a cron pattern and a time zone, checked before anything keeps them.
import { DroverError } from '../errors.ts';
import { type Cron, nextDue } from '../queue/next-due.ts';

const MOST_CHARACTERS = 200;
const ALIASES = /^@(yearly|annually|monthly|weekly|daily|hourly|minutely|secondly)$/;

/** The zone of this machine, as an IANA name. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Checks the pattern (five fields, six with seconds in front, or a word such as @daily) and the zone. Returns
 * the first due time after `from`, in milliseconds. Throws E_SCHEDULE.
 */
export function checkCron({ cron, zone }: Cron, from: number): number {
  checkZone(zone);
  const fields = cron.trim().split(/\s+/).length;
  const wrong = (why: string) =>
    new DroverError(
      'E_SCHEDULE',
      `${JSON.stringify(cron.slice(0, MOST_CHARACTERS))}: ${why.replace(/\.$/, '')}. Write minute, hour, day, month and weekday, such as "0 3 * * *".`,
    );
  if (cron.length > MOST_CHARACTERS) throw wrong(`at most ${MOST_CHARACTERS} characters`);
  if (!ALIASES.test(cron.trim()) && fields !== 5 && fields !== 6)
    throw wrong(`five fields are expected, or six with seconds in front (got ${fields})`);
  if (/(^|\s)H/.test(cron)) throw wrong('H would mean another time each day');
  let next: number | null;
  try {
    next = nextDue({ cron, zone }, from);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (next === null) throw wrong('it is never due');
  return next;
}

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch (cause) {
    throw new DroverError(
      'E_SCHEDULE',
      `--tz: there is no time zone ${JSON.stringify(zone.slice(0, 100))}. Write it as Europe/Berlin, UTC or +02:00.`,
      { cause },
    );
  }
}
