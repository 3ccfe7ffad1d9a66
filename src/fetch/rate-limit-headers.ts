// Reads how many requests a server says are left, and until when: from the RateLimit headers of the IETF
// draft, old and new, and from the older X- headers. Source:
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
import { parseRetryAfter } from './retry-after.ts';

export interface Quota {
  /** Requests that are left in the present window. */
  remaining: number;
  /** Time until the window ends, counted from `nowMs`. */
  resetMs: number;
  /** Requests of a whole window; null if the server does not tell. */
  limit: number | null;
}

interface Triple {
  limit: string;
  remaining: string;
  /** The possible headers, each with the way to read its numbers. The first one that is present counts. */
  resets: readonly { name: string; read: (text: string, nowMs: number) => number | null }[];
}

/** The names in drafts 00 to 06, and others in use: OpenAI and Groq count requests under their own names. */
const triples: Triple[] = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].flatMap((prefix) =>
  ['', '-requests'].map((unit) => ({
    limit: `${prefix}-limit${unit}`,
    remaining: `${prefix}-remaining${unit}`,
    resets: unit === '' ? resetsOf(prefix) : [{ name: `${prefix}-reset${unit}`, read: durationOf }],
  })),
);

/** reset-after is used by Discord; reset-ms by Cerebras and many gateways. */
function resetsOf(prefix: string): Triple['resets'] {
  return [
    { name: `${prefix}-reset-after`, read: durationOf },
    { name: `${prefix}-reset-ms`, read: millisecondsOf },
    { name: `${prefix}-reset`, read: durationOf },
  ];
}

const dayMs = 86_400_000;
/** How many members of one header are read. Servers send one or two. */
const mostMembers = 50;

export interface Quotas {
  /** The quota with the longest interval. */
  tightest: Quota;
  /** Among quotas with nothing left, the one that ends last; null if there is none. */
  spent: Quota | null;
}

/**
 * What the headers of the answer tell; null if no quota can be read. Names of `headers` are in lower case,
 * and several values of one name are joined by ", ". Skips quotas that do not count requests, end after more
 * than a day, or have ended.
 */
export function readQuotas(headers: Record<string, string>, nowMs: number): Quotas | null {
  if (!mayTell(headers)) return null;
  const told = [
    ...readNamed(headers, nowMs),
    ...triples.flatMap((names) => readTriple(headers, names, nowMs)),
  ];
  const quotas = told.filter((quota) => quota !== null);
  if (quotas.length === 0) return null;
  const spent = quotas.filter(({ remaining }) => remaining === 0);
  return {
    tightest: quotas.reduce((tightest, quota) =>
      intervalOf(quota) > intervalOf(tightest) ? quota : tightest,
    ),
    spent: spent.toSorted((a, b) => b.resetMs - a.resetMs)[0] ?? null,
  };
}

/** Most answers tell nothing, and have few headers. */
function mayTell(headers: Record<string, string>): boolean {
  for (const name in headers) if (name.startsWith('ratelimit') || name.startsWith('x-rate')) return true;
  return false;
}

/**
 * The least time between two starts that stays within the quota, in whole milliseconds; 0 while more than
 * half of the limit is left. With nothing left, it is all the time until the window ends.
 */
export function intervalOf({ remaining, resetMs, limit }: Quota): number {
  if (limit !== null && remaining > limit / 2) return 0;
  return Math.ceil(resetMs / Math.max(1, remaining));
}

/** `RateLimit`: a dictionary in draft 07, a list of named policies in later drafts. */
function readNamed(headers: Record<string, string>, nowMs: number): (Quota | null)[] {
  const members = membersOf(headers.ratelimit);
  const items = members.map(([item = '']) => item);
  const remaining = parameterOf(items, 'remaining');
  if (remaining !== undefined) {
    const resetMs = durationOf(parameterOf(items, 'reset'), nowMs);
    return [quotaOf(parameterOf(items, 'limit'), remaining, resetMs)];
  }
  const policies = policiesOf(headers['ratelimit-policy']);
  return members.map((member) => {
    const policy = policies.get(member[0] ?? '');
    if (policy && !policy.countsRequests) return null;
    const reset = parameterOf(member, 't') ?? policy?.window;
    return quotaOf(policy?.quota, parameterOf(member, 'r'), durationOf(reset, nowMs));
  });
}

interface Policy {
  quota: string | undefined;
  /** The whole window in seconds. It is used when the server does not say what is left of it. */
  window: string | undefined;
  /** Other policies count bytes or concurrent requests. */
  countsRequests: boolean;
}

function policiesOf(header: string | undefined): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const member of membersOf(header)) {
    const unit = parameterOf(member, 'qu') ?? '"requests"';
    policies.set(member[0] ?? '', {
      quota: parameterOf(member, 'q'),
      window: parameterOf(member, 'w'),
      countsRequests: unit === '"requests"' || unit === '"request"', // the draft has both
    });
  }
  return policies;
}

/**
 * Several values of each name belong together by their order. If their counts differ, the order tells
 * nothing.
 */
function readTriple(headers: Record<string, string>, names: Triple, nowMs: number): (Quota | null)[] {
  const members = membersOf(headers[names.remaining]);
  if (members.length === 0) return [];
  const reset = names.resets.find(({ name }) => headers[name] !== undefined);
  const resets = reset ? timesOf(headers[reset.name]) : [];
  if (resets.length !== members.length && resets.length !== 0) return [];
  const limits = membersOf(headers[names.limit]);
  const isToldForEach = members.length === 1 || limits.length === members.length;
  return members.map((member, index) => {
    const limit = isToldForEach ? limits[index]?.[0] : undefined;
    const time = resets[index];
    if (time !== undefined) return quotaOf(limit, member[0], reset?.read(time, nowMs) ?? null);
    // Docker's registry tells only the whole window.
    return quotaOf(limit, member[0], durationOf(parameterOf(member, 'w'), nowMs));
  });
}

function quotaOf(
  limit: string | undefined,
  remaining: string | undefined,
  resetMs: number | null,
): Quota | null {
  const left = countOf(remaining);
  return left === null || resetMs === null ? null : { remaining: left, resetMs, limit: countOf(limit) };
}

const number = /^\d{1,15}(?:\.\d{1,15})?$/;

/** A part of a request is of no use, so this rounds down. */
function countOf(text = ''): number | null {
  return number.test(text) ? Math.floor(Number(text)) : null;
}

/** ISO 8601. Some servers write a space for the T, and some no zone, which means UTC. */
const isoDate = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/;

/** A duration as Go writes it; a number with one unit has the same form: 2s, 250ms, 1m30s, 6m0.5s. */
const goDuration = /^(?:\d{1,15}(?:\.\d{1,15})?(?:ms|[µu]s|ns|[smh]))+$/;
const goParts = /([\d.]+)([a-zµ]+)/g;
const unitMs: Record<string, number> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/**
 * Milliseconds from `nowMs`, at most a day; null if unreadable. Reads seconds, a duration with units, Unix
 * time in seconds or milliseconds, or a date.
 */
function durationOf(text = '', nowMs: number): number | null {
  if (number.test(text)) {
    const value = Number(text);
    return atMostADay(value * 1000) ?? atMostADay(value * 1000 - nowMs) ?? atMostADay(value - nowMs);
  }
  if (goDuration.test(text)) {
    const parts = [...text.matchAll(goParts)];
    return atMostADay(
      parts.reduce((ms, [, value, unit = '']) => ms + Number(value) * (unitMs[unit] ?? 0), 0),
    );
  }
  const [, date, time, zone = 'Z'] = isoDate.exec(text) ?? [];
  if (date) return atMostADay(Date.parse(`${date}T${time}${zone}`) - nowMs);
  return atMostADay(parseRetryAfter(text, nowMs) ?? -1);
}

/** The same for a number of milliseconds, or Unix time in milliseconds. */
function millisecondsOf(text: string, nowMs: number): number | null {
  return number.test(text)
    ? (atMostADay(Number(text)) ?? atMostADay(Number(text) - nowMs))
    : durationOf(text, nowMs);
}

function atMostADay(ms: number): number | null {
  return ms >= 0 && ms <= dayMs ? Math.ceil(ms) : null;
}

/** Numbers and dates between commas. The comma after a day of the week separates nothing. */
function timesOf(header = ''): string[] {
  const times = header.matchAll(/ ?[a-z]{3,9}, \d[^,]*|[^,]+/gi).take(mostMembers);
  return Array.from(times, ([time]) => time.trim()).filter((time) => time !== '');
}

/** A quote that is not closed reaches to the end, so that reading takes linear time. */
const pieces = /"(?:\\.|[^"\\])*"?|[,;]|[^,;"]+/gs;

/**
 * The members of a list or dictionary (RFC 9651), each as its item and the parameters after it: `"a";r=1;t=2,
 * "b"` is `[['"a"', 'r=1', 't=2'], ['"b"']]`.
 */
function membersOf(header: string | undefined): string[][] {
  if (header === undefined) return [];
  const members = [['']];
  for (const [piece] of header.matchAll(pieces)) {
    const member = members.at(-1) as string[];
    if (piece === ';') member.push('');
    else if (piece !== ',') member[member.length - 1] += piece.trim();
    else if (members.push(['']) > mostMembers) break;
  }
  return members.filter(([item]) => item !== '');
}

/** The value of `key=value`. If it is there twice, the last one counts. */
function parameterOf(parts: readonly string[], key: string): string | undefined {
  const start = `${key}=`;
  return parts.findLast((part) => part.startsWith(start))?.slice(start.length);
}
