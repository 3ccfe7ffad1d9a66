// The steps of an explanation: each decision with its reason, in the order in which a request meets them.
import { shownFailure, unpackFailure } from '../errors.ts';
import { adviceOn } from '../queue/dead-letters.ts';
import type { Facts, RequestPlace, Step } from './explanation.ts';
import { MOST_IN_LANES } from './place.ts';
import { proxyStep } from './proxies.ts';
import { renderStep } from './rendering.ts';
import { usageStep } from './usage.ts';
import { elsewhereText, forbiddenBy, heldText, ordinal, reason, sentences, span } from './words.ts';

export function stepsOf(facts: Facts): Step[] {
  return [
    normalizeStep,
    seenStep,
    scopeStep,
    guardStep,
    proxyStep,
    robotsStep,
    usageStep,
    hostStep,
    placeStep,
    renderStep,
    attemptsStep,
    outcomeStep,
    recordStep,
  ].flatMap((step) => step(facts) ?? []);
}

function normalizeStep({ subject }: Facts): Step {
  const { failure, url, forms, id } = subject;
  if (failure)
    return { step: 'normalize', ok: false, text: failure.message, detail: { ...shownFailure(failure) } };
  const changes = forms && forms.changes.length > 0 ? ` (${forms.changes.join(', ')})` : '';
  const text =
    url === null ? `its URL is not known any more; fingerprint ${id}` : `${url}${changes}; fingerprint ${id}`;
  return { step: 'normalize', ok: true, text, detail: { ...forms } };
}

function seenStep({ subject, where, counts }: Facts): Step | null {
  if (subject.failure) return null;
  const { crawl, chosen } = subject;
  if (crawl === null || !where) return { step: 'seen', ok: null, text: 'there is no crawl yet' };
  const which = {
    named: '',
    knows: ', the newest crawl that knows it',
    newest: ', the newest crawl',
    none: '',
  };
  const of = `crawl ${crawl}${which[chosen]} (${counts?.state})`;
  const detail = { crawl, chosen, state: counts?.state };
  const { seen } = where.look;
  if (seen === null) return { step: 'seen', ok: null, text: `${of}; what it accepted was forgotten`, detail };
  if (where.place.kind === 'between' && !seen)
    return { step: 'seen', ok: null, text: `found by ${of}, and not accepted yet`, detail };
  return { step: 'seen', ok: seen, text: seen ? `accepted by ${of}` : `never offered to ${of}`, detail };
}

function scopeStep({ subject, scope, where }: Facts): Step | null {
  if (!scope) return null;
  const depth = where?.request?.depth ?? where?.placed?.record.depth;
  if (depth !== undefined) {
    const referrer = where?.request?.referrer ?? where?.placed?.record.referrer ?? null;
    const how = referrer === null ? 'as a seed' : `as a link of ${referrer}`;
    return {
      step: 'scope',
      ok: true,
      text: `accepted at depth ${depth}, ${how}`,
      detail: { depth, referrer },
    };
  }
  // What was accepted passed the scope then, whatever the limits of the crawl say now.
  if (where?.look.seen)
    return { step: 'scope', ok: true, text: 'accepted, at a depth that is not known here' };
  const { asLink, from, limit, linking } = scope;
  const detail = { asLink, from, limit, linking };
  if (limit) return { step: 'scope', ok: false, text: `${limit.code}: ${reason(limit)}`, detail };
  const refusal = linking?.refusal ?? asLink;
  const page = linking ? `${linking.url}, at depth ${linking.depth},` : from;
  const asSeed = 'as a seed it would be accepted';
  const text = refusal
    ? `as a link of ${page} it would be left out: ${refusal.code}, ${reason(refusal)}; ${asSeed}`
    : `as a link of ${page} it would be followed; ${asSeed}`;
  return {
    step: 'scope',
    ok: !refusal,
    text,
    detail: { ...detail, scope: subject.loadedCrawl.settings.scope },
  };
}

function guardStep({ guard }: Facts): Step | null {
  if (!guard) return null;
  const { range, isAddress, isSeedHost, allowed } = guard;
  const detail = { ...guard };
  if (!isAddress)
    return {
      step: 'guard',
      ok: null,
      text: 'a host name: its address is checked when drover connects to it',
      detail,
    };
  if (range === null) return { step: 'guard', ok: true, text: 'a public address', detail };
  const why = isSeedHost ? 'a seed named it' : 'allowed by --allow-private';
  const text = allowed
    ? `a ${range} address; ${why}`
    : `a ${range} address: refused, unless a seed names its host and port, or --allow-private`;
  return { step: 'guard', ok: allowed, text, detail };
}

function robotsStep({ subject, robots }: Facts): Step | null {
  if (subject.url === null) return null;
  if (subject.loadedCrawl.settings.ignoreRobots)
    return { step: 'robots', ok: true, text: 'not fetched (--ignore-robots)' };
  if (!robots) return { step: 'robots', ok: null, text: 'not fetched yet, or not in the last day' };
  const { kind, line, rule, group, fetchedAt, freshUntil } = robots;
  const forbidden = forbiddenBy(robots);
  const ground =
    kind === 'none'
      ? 'there is no robots.txt: all is allowed'
      : (forbidden ?? (line === null ? 'no rule matches: allowed' : `allowed (line ${line}: ${rule})`));
  const whose = group === null ? '' : `, group ${group}`;
  const text = `${ground}${whose}; fetched ${fetchedAt}, valid until ${freshUntil}`;
  return { step: 'robots', ok: forbidden === null, text, detail: { ...robots } };
}

function hostStep({ hostState }: Facts): Step | null {
  if (!hostState) return null;
  const { key, inFlight, concurrency, delayMs, intervalMs, pausedMs, nextMs, waiting, open } = hostState;
  const apart = Math.max(delayMs, intervalMs);
  const parts = [
    `${key}: ${inFlight} of ${concurrency} in flight`,
    apart > 0 ? `${span(apart)} apart` : '',
    ...hostState.holds.map((hold) => heldText(hold)),
    nextMs > 0 ? `next start in ${span(nextMs)}` : '',
    `${waiting} waiting, ${open} open`,
  ];
  return {
    step: 'host',
    ok: pausedMs === 0,
    text: parts.filter(Boolean).join(', '),
    detail: { holds: hostState.holds },
  };
}

function placeStep({ where }: Facts): Step | null {
  if (!where) return null;
  const { place } = where;
  const lane = place.kind === 'lane' && place.lane;
  const detail = lane ? { kind: place.kind, ...lane, request: undefined } : { ...place };
  return { step: 'place', ok: null, text: placeText(place), detail };
}

function placeText(place: RequestPlace): string {
  switch (place.kind) {
    case 'lane':
      return place.lane
        ? `${ordinal(place.lane.position)} of ${place.length} in the lane of ${place.lane.key}`
        : `in a lane, beyond the first ${MOST_IN_LANES.toLocaleString('en-US')} entries (${place.length} are waiting)`;
    case 'queue':
      return queueText(place);
    case 'dead':
      return 'among the dead letters';
    case 'ended':
      return 'ended';
    case 'elsewhere':
      return `ended; ${elsewhereText(place.places)}`;
    case 'dropped':
      return 'nowhere: the crawl was cancelled';
    case 'between':
      return place.at === 'limit' ? 'parked, because of --limit' : 'on its way to the shard of its host';
    case 'never':
      return 'nowhere';
    default:
      return place satisfies never;
  }
}

function queueText({ state, untilMs }: Extract<RequestPlace, { kind: 'queue' }>): string {
  if (state === 'delayed') return `in the queue, delayed until ${new Date(untilMs ?? 0).toISOString()}`;
  if (state === 'active') return 'with a consumer';
  if (state === 'browser')
    return 'waiting for a consumer that has a browser with a free place (docs/network/RENDER.md)';
  return state === 'waiting'
    ? 'in the queue, waiting for a consumer'
    : 'on its way from the lane to the queue';
}

function attemptsStep({ where, subject }: Facts): Step | null {
  const used = where?.letter?.attempts ?? where?.placed?.record.attempts ?? where?.attempts.length ?? 0;
  if (used === 0) return null;
  const last = where?.attempts.at(-1);
  const most = where?.request?.extras?.attempts ?? subject.loadedCrawl.settings.attempts;
  const text = last
    ? `${used} of ${most}; the last failed ${last.at}: ${last.code}, ${last.message}`
    : `${used} of ${most}`;
  return { step: 'attempts', ok: null, text };
}

function outcomeStep({ where }: Facts): Step | null {
  if (!where) return null;
  if (where.look.dead) {
    const { code } = unpackFailure(where.look.dead);
    return { step: 'outcome', ok: false, text: sentences(`dead: ${where.look.dead}`, adviceOn(code)) };
  }
  const record = where.place.kind === 'ended' ? where.placed?.record : null;
  if (!record) return null;
  const status = record.status === null ? 'no answer' : `status ${record.status}`;
  const text = record.error
    ? sentences(`${record.error.code}: ${record.error.message}`, adviceOn(record.error.code))
    : status;
  return { step: 'outcome', ok: record.ok, text };
}

function recordStep({ where }: Facts): Step | null {
  const placed = where?.placed;
  if (!placed) return null;
  const byte = placed.offset === null ? '' : ` at byte ${placed.offset}`;
  const former = where.place.kind === 'ended' || where.look.dead ? '' : ', from before its replay';
  return { step: 'record', ok: true, text: `${placed.file}${byte}${former}` };
}
