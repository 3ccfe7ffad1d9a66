// The step usage of an explanation: what a site says about the use of a page, and what that means for the
// purposes that a crawl can have.
import { failure } from '../errors.ts';
import { printable, shorten } from '../printable.ts';
import {
  combined,
  type Preferences,
  type Purpose,
  purposes,
  reservationOf,
  reservedDetail,
  type Usage,
  type UsageStatement,
} from '../usage/statement.ts';
import type { Facts, Step } from './explanation.ts';
import { reason } from './words.ts';

const MOST_SHOWN = 20;
const LONGEST_SHOWN = 100;

export function usageStep(facts: Facts): Step | null {
  const { subject, robots, where } = facts;
  if (subject.url === null || subject.failure) return null;
  const usage = where?.placed?.record.usage ?? null;
  // A page that is disallowed has no preferences (draft-ietf-aipref-attach-05).
  if (robots && !robots.allowed && usage === null) return null;
  const declared = subject.loadedCrawl.settings.purpose;
  // robots.txt as it is now; headers, page, and what robots.txt said then, as they were at the last fetch.
  const now: readonly UsageStatement[] = robots?.usage ?? [];
  const then = usage?.statements.filter((one) => !now.some((other) => isSame(one, other))) ?? [];
  const all = [...now, ...then];
  const unknown = unknownParts(facts);
  const notYet = unknown === '' ? '' : ` (not known before a fetch: ${unknown})`;
  const says = together(facts, usage);
  const reserved = declared.filter((purpose) => says[purpose] === 'n');
  const parts = [
    `${all.length === 0 ? 'nothing is said' : shown(all)}${notYet}`,
    ...(all.length === 0 ? [] : [meaning(says)]),
    forCrawl(declared, reserved),
  ];
  return {
    step: 'usage',
    ok: reserved.length > 0 ? false : declared.length === 0 || unknown !== '' ? null : true,
    text: parts.join('; '),
    detail: { robots: robots?.usage ?? null, record: usage, purpose: declared },
  };
}

function forCrawl(declared: readonly Purpose[], reserved: readonly Purpose[]): string {
  if (declared.length === 0) return 'the crawl has no --purpose, so nothing is left out for it';
  return reserved.length === 0
    ? `nothing known is reserved against the crawl's ${declared.join(', ')}`
    : `reserved against the crawl's ${reserved.join(', ')} (E_RESERVED)`;
}

const isSame = (one: UsageStatement, other: UsageStatement) =>
  one.source === other.source &&
  one.line === other.line &&
  one.name === other.name &&
  one.value === other.value;

/** The statements of robots.txt now, and those of the record. */
function together({ robots }: Facts, usage: Usage | null): Preferences {
  const kept = [
    ...(usage?.reserves ?? []).map((purpose) => ({ says: { [purpose]: 'n' } as Preferences })),
    ...(usage?.allows ?? []).map((purpose) => ({ says: { [purpose]: 'y' } as Preferences })),
  ];
  return combined([...(robots?.usage ?? []), ...kept]);
}

function unknownParts({ robots, where, subject }: Facts): string {
  const isRobotsUnknown = robots === null && !subject.loadedCrawl.settings.ignoreRobots;
  const isAnswerUnknown = where?.placed?.record.status == null;
  return [isRobotsUnknown && 'robots.txt', isAnswerUnknown && 'headers and page'].filter(Boolean).join(', ');
}

function shown(statements: readonly UsageStatement[]): string {
  const texts = statements.slice(0, MOST_SHOWN).map(({ source, line, name, value }) => {
    const place = line === null ? source : `${source} line ${line}`;
    return `${place}: ${name}: ${shorten(printable(value.trim().replace(/\s+/g, ' ')), LONGEST_SHOWN)}`;
  });
  const more = statements.length - texts.length;
  return `${texts.join('; ')}${more > 0 ? `; ${more} more` : ''}`;
}

/** What each purpose would mean. */
function meaning(says: Preferences): string {
  const those = (word: 'y' | 'n' | undefined) => purposes.filter((purpose) => says[purpose] === word);
  const [reserved, allowed, unknown] = [those('n'), those('y'), those(undefined)];
  return [
    reserved.length > 0 ? `--purpose ${reserved.join(' or ')} would leave it out (E_RESERVED)` : '',
    allowed.length > 0 ? `${allowed.join(' and ')} allowed` : '',
    unknown.length > 0 ? `${unknown.join(' and ')} not spoken of` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/**
 * Why a crawl with these purposes would not fetch the page, by the robots.txt that the fleet knows now; null
 * when that reserves nothing of them.
 */
export function reservedBy({ subject, robots }: Facts): string | null {
  if (!robots) return null;
  const reservation = reservationOf(robots.usage, subject.loadedCrawl.settings.purpose);
  return reservation && reason(failure('E_RESERVED', reservedDetail(reservation, robots.file)));
}
