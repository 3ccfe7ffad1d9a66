// Phrases that explanations are made of.
import { catalogue, knownFailure, type ShownFailure, unpackFailure } from '../errors.ts';
import { type Hold, phraseOf } from '../politeness/held-back.ts';
import type { RobotsLook } from '../robots/look.ts';
import { hostnameOf } from '../url/host.ts';

/** 1st, 2nd, 3rd, 11th, 21st. */
export function ordinal(position: number): string {
  const tens = position % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][position % 10] ?? 'th');
  return `${position.toLocaleString('en-US')}${ending}`;
}

/** "2.0 s", "12 min". */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/**
 * The detail of a failure as part of a sentence. Without a detail, the meaning of its code; with a limit as
 * detail, both.
 */
export function reason(failure: ShownFailure): string {
  const detail = knownFailure(failure)?.detail;
  if (detail === undefined) return partOf(failure.message);
  const { means } = catalogue[failure.code];
  return detail.startsWith('The limit is ') ? `${partOf(means)} (${partOf(detail)})` : partOf(detail);
}

const partOf = (sentence: string) =>
  `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`;

/** Says why the host is paused or slowed, since when, and what would change it. */
export function heldText(hold: Hold): string {
  return `${phraseOf(hold, (iso) => iso)}; ${hold.change}`;
}

/** Joins sentences; adds a full stop where one has none. */
export function sentences(...texts: string[]): string {
  return texts.map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)).join(' ');
}

const MOST_PLACES = 5;

/** Says where a record may be that is not in this data directory. */
export function elsewhereText(places: readonly string[]): string {
  if (places.length === 0) return 'its record is not in this data directory, and no other place has any';
  const more = places.length > MOST_PLACES ? ` and ${places.length - MOST_PLACES} more places` : '';
  const named = places.slice(0, MOST_PLACES).join(', ');
  return `its record is not in this data directory; other consumers keep records of the crawl in ${named}${more}`;
}

/** "robots.txt of example.com forbids it (line 12: Disallow: /private)". */
export function robotsRefusal(file: string, line: number | null, rule: string | null): string {
  const which = line === null ? '' : ` (line ${line}: ${rule})`;
  return `robots.txt of ${hostOfFile(file)} forbids it${which}`;
}

/** The same for the robots.txt that the fleet has stored; null when it allows the URL. */
export function forbiddenBy(robots: RobotsLook | null): string | null {
  if (!robots || robots.allowed) return null;
  if (robots.kind !== 'unreachable') return robotsRefusal(robots.file, robots.line, robots.rule);
  return `robots.txt of ${hostOfFile(robots.file)} is unreachable (${whyUnreachable(robots)}), which forbids all`;
}

function whyUnreachable({ reason: text }: RobotsLook): string {
  const cause = knownFailure(unpackFailure(text ?? ''));
  return cause ? `${cause.code}: ${reason(cause)}` : partOf(text ?? '');
}

function hostOfFile(file: string): string {
  return new URL(file).host || hostnameOf(file);
}
