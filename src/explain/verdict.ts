// The verdict: one sentence that answers "why was this not fetched?".
import { entryOf, type ShownFailure } from '../errors.ts';
import { FOLLOWED } from '../page/followed.ts';
import type { CrawlRecord } from '../record.ts';
import type { RobotsLook } from '../robots/look.ts';
import { ruleFailure } from '../robots/robots.ts';
import type { Facts, RequestPlace, Whereabouts } from './explanation.ts';
import { MOST_IN_LANES } from './place.ts';
import { reservedBy } from './usage.ts';
import { elsewhereText, forbiddenBy, heldText, ordinal, reason, robotsRefusal, span } from './words.ts';

const followed = `${Object.keys(FOLLOWED).join(', ')}, the headers Link and Refresh, sitemaps; not images, scripts and style sheets`;

export function verdictOf(facts: Facts): string {
  const { subject, where } = facts;
  if (subject.failure) return `Not fetched: ${reason(subject.failure)}.`;
  if (!where) return `Never offered: there is no crawl yet${ifOffered(facts)}.`;
  const { place } = where;
  switch (place.kind) {
    case 'lane':
      return `${inLane(facts, place)}.`;
    case 'queue':
      return `${inQueue(facts, place)}.`;
    case 'dead':
      return dead(facts, where);
    case 'ended':
      return where.placed ? ended(facts, where.placed.record, where.placed) : 'It ended.';
    case 'elsewhere':
      return `It ended in crawl ${subject.crawl}, but ${elsewhereText(place.places)}.`;
    case 'dropped':
      return `Not fetched: crawl ${subject.crawl} was cancelled, and its waiting requests were dropped; it is not known any more whether this was one of them.`;
    case 'between':
      return place.at === 'limit'
        ? 'Waiting until it is known whether the limit of the crawl has room for it.'
        : `Waiting: found, and on its way to the shard of its host${nobodyTakes(facts)}.`;
    case 'never':
      return `${neverOffered(facts)}.`;
    default:
      return place satisfies never;
  }
}

function inLane(facts: Facts, { lane, length }: Extract<RequestPlace, { kind: 'lane' }>): string {
  const { hostState } = facts;
  const key = lane?.key ?? hostState?.key ?? 'its host';
  const where = lane
    ? `Waiting: ${ordinal(lane.position)} in the lane of ${key}`
    : `Waiting in a lane of crawl ${facts.subject.crawl}, beyond the first ${MOST_IN_LANES.toLocaleString('en-US')} (${length} are waiting at ${key})`;
  if (facts.counts?.state === 'paused') return `${where}; ${pausedCrawl(facts)}`;
  const idle = nobodyTakes(facts);
  if (idle !== '') return `${where}${idle}`;
  const [hold] = hostState?.holds ?? [];
  if (hold) return `${where}, which is ${heldText(hold)}`;
  return hostState && hostState.nextMs > 0
    ? `${where}, where the next start may be in ${span(hostState.nextMs)}`
    : where;
}

/** Why no consumer takes any job; '' if some do. */
function nobodyTakes({ isDrained, consumers }: Facts): string {
  if (isDrained) return '; the fleet is drained: no jobs are taken (drover resume)';
  return consumers === 0 ? '; no consumer is running (drover consume)' : '';
}

const pausedCrawl = ({ subject }: Facts) =>
  `crawl ${subject.crawl} is paused (drover resume ${subject.crawl})`;

function inQueue(facts: Facts, { state, untilMs }: Extract<RequestPlace, { kind: 'queue' }>): string {
  if (facts.counts?.state === 'cancelled' && state !== 'active')
    return `Not fetched: crawl ${facts.subject.crawl} was cancelled; it stays in the queue until a consumer refuses it`;
  const last = facts.where?.attempts.at(-1);
  const paused = facts.counts?.state === 'paused' ? `; ${pausedCrawl(facts)}` : '';
  if (state === 'active') return `It is with a consumer now${waitingForGate(facts)}${paused}`;
  const nobody = nobodyTakes(facts);
  if (state !== 'delayed') return `Waiting in the queue for a consumer${paused || nobody}`;
  const why = last
    ? `attempt ${facts.where?.attempts.length} failed (${last.code}), and it will be tried again`
    : `it was postponed, because ${postponedBy(facts)}`;
  return `${waitingUntil(facts, untilMs ?? 0)}: ${why}${paused || nobody}`;
}

/** At the time of its job a consumer only looks again: its host may be paused for longer, or without end. */
function waitingUntil({ hostState }: Facts, jobMs: number): string {
  const pause = hostState?.holds.find(({ kind }) => kind === 'paused');
  if (pause?.until === null) return 'Waiting';
  const untilMs = Math.max(jobMs, pause ? Date.parse(pause.until) : 0);
  return `Waiting until ${new Date(untilMs).toISOString()}`;
}

function postponedBy({ hostState }: Facts): string {
  const [hold] = hostState?.holds ?? [];
  return hold ? `its host is ${heldText(hold)}` : 'its host or its crawl could not take it';
}

/** Why a consumer has it and nothing is in flight; '' when it may be what is in flight. */
function waitingForGate({ hostState }: Facts): string {
  if (!hostState || hostState.inFlight > 0) return '';
  const { holds, nextMs, pausedMs } = hostState;
  if (nextMs === 0 && pausedMs === 0) return '';
  const next = pausedMs === 0 ? `, where the next start may be in ${span(nextMs)}` : '';
  const held = holds[0] ? `; the host is ${heldText(holds[0])}` : '';
  return `, which waits for the gate of ${hostState.key}${next}${held}`;
}

function dead({ subject, counts }: Facts, { letter, look }: Whereabouts): string {
  const attempts = letter?.attempts ?? 0;
  const after = attempts > 0 ? ` after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}` : '';
  const next =
    counts?.state === 'cancelled'
      ? 'Its crawl was cancelled, so it stays dead.'
      : `A replay tries it again (drover dead replay ${subject.crawl}).`;
  return `Dead${after}: ${look.dead} ${next}`;
}

function ended(
  { counts, robots }: Facts,
  record: CrawlRecord,
  { file, offset }: { file: string; offset: number | null },
): string {
  const at = `record in ${file}${offset === null ? '' : ` at byte ${offset}`}`;
  const { error, status, fetchedAt } = record;
  const since = record.unchanged ? ` (unchanged since ${record.unchanged.crawl})` : '';
  if (error === null) return `Fetched at ${fetchedAt}: ${status}${since}, ${at}.`;
  if (error.code === 'E_ROBOTS') return `Not fetched: ${ruleInForce(robots, error) ?? reason(error)}.`;
  if (error.code === 'E_CANCELLED')
    return `Not fetched: crawl ${record.crawl} was cancelled before its turn came.`;
  if (entryOf(error.code)?.ends === 'refused')
    return status === null
      ? `Not fetched: ${reason(error)} (${error.code}).`
      : `Fetched at ${fetchedAt}, and not kept: ${reason(error)} (${error.code}), ${at}.`;
  if (entryOf(error.code)?.ends === 'recorded')
    return `Fetched at ${fetchedAt}: ${toldOf(status, error)} (${error.code}), ${at}.`;
  const gone =
    counts?.state === 'cancelled'
      ? 'its letter is gone: it was purged, or the crawl was cancelled while a replay brought it back'
      : 'its letter was purged';
  return `Dead since ${fetchedAt}, and ${gone}: ${error.code} ${error.message}`;
}

/** The status; with all that the failure tells of it, where that is more. */
function toldOf(status: number | null, error: ShownFailure): string {
  const told = reason(error);
  return told.startsWith(`status ${status} `) ? told : `${status}`;
}

/**
 * The refusal as a rule in force, when the fleet's current robots.txt still forbids the URL by the rule that
 * the record names.
 */
function ruleInForce(robots: RobotsLook | null, refused: ShownFailure): string | null {
  if (!robots || ruleFailure(robots.file, robots.line, robots.rule).message !== refused.message) return null;
  return robotsRefusal(robots.file, robots.line, robots.rule);
}

function neverOffered(facts: Facts): string {
  const { subject, scope, counts } = facts;
  const which =
    subject.chosen === 'newest'
      ? `Never offered to any crawl (explained for ${subject.crawl}, the newest)`
      : `Never offered to crawl ${subject.crawl}`;
  const soFar = counts?.state === 'running' || counts?.state === 'paused' ? ' so far' : '';
  const { linking = null, limit = null, asLink = null } = scope ?? {};
  if (linking?.error)
    return `${which}${soFar}: ${linking.url} links to it, but ended with ${linking.error.code}, and links of such pages are not followed`;
  if (linking?.refusal)
    return `${which}${soFar}: the link of ${linking.url} was left out, ${reason(linking.refusal)}`;
  if (limit) return `${which}: ${reason(limit)} (${limit.code})`;
  if (linking) return `${which}${soFar}, though ${linking.url} links to it: ${leftOut(facts)}`;
  if (asLink) return `${which}${soFar}; as a link it would be left out: ${reason(asLink)}`;
  const hindrance = ifOffered(facts);
  return hindrance
    ? `${which}${soFar}${hindrance}`
    : `${which}${soFar}: it was not a seed, and no fetched page links to it by what is followed: ${followed}`;
}

/** The reason for a link that was not followed, when the two URLs alone do not show it. */
function leftOut({ counts }: Facts): string {
  const codes = Object.keys(counts?.leftOut ?? {});
  return codes.length > 0
    ? `the crawl left links out for ${codes.join(', ')}`
    : 'that page’s links had not been offered yet';
}

/** What would keep the URL from being fetched if it were offered; '' when nothing is known. */
function ifOffered(facts: Facts): string {
  const { guard, robots } = facts;
  if (guard && !guard.allowed)
    return `; as a link it would be refused, because its address is ${guard.range} (E_SSRF)`;
  const forbidden = forbiddenBy(robots) ?? reservedBy(facts);
  return forbidden ? `; if it were offered, ${forbidden}` : '';
}
