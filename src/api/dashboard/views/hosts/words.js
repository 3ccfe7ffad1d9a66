// The state of a host in words, the same as in the output of `drover hosts`.
import { clock, count, duration } from '../../text.js';

/** A pause longer than this was made without an end. */
const FOR_GOOD_MS = 365 * 86_400_000;

/** A slowed host is said to be so, because it can be resumed, even while it fetches. */
export function standingOf({ pausedMs, nextMs, inFlight, waiting, open, holds }) {
  if (pausedMs > FOR_GOOD_MS) return { text: 'paused', kind: 'warn' };
  if (pausedMs > 0) return { text: `paused ${duration(pausedMs)}`, kind: 'warn' };
  if (isSlowed({ holds })) return { text: 'slowed', kind: 'warn' };
  if (inFlight > 0) return { text: 'fetching', kind: 'good' };
  if (waiting + open === 0) return { text: 'idle', kind: '' };
  return { text: nextMs > 1000 ? `next in ${duration(nextMs)}` : 'ready', kind: '' };
}

/** Whether it is asked less for its failures or its latency: what resuming it would end. */
const isSlowed = ({ holds }) => holds.some(({ why }) => why === 'failures' || why === 'latency');

/** Whether resuming it would change something. */
export const isResumable = (host) => host.pausedMs > 0 || isSlowed(host);

/** The least time between two starts, from whichever limit asks for most. */
export const spacingOf = ({ delayMs, intervalMs, crawlDelayMs, paceMs }) =>
  Math.max(delayMs, intervalMs, crawlDelayMs ?? 0, paceMs ?? 0);

/** Remarks about a host; an empty list for most. */
export function remarksOf({ holds, server, set }) {
  return [
    ...holds.map(wordsOfHold),
    server !== null && `shares the limit of server ${server}`,
    ...wordsOfSet(set),
  ].filter(Boolean);
}

/** What would change it, apart from the button that resumes it. The API names the command for that. */
function changeOf({ kind, why, change }) {
  if (kind === 'paused') return '';
  return why === 'failures' || why === 'latency' ? ' (it ends when the host is well again)' : ` (${change})`;
}

/** "slowed to one start each 640 ms since 12:00:01: … (what would change it)". */
function wordsOfHold(hold) {
  const { kind, since, until, intervalMs, reason } = hold;
  const how = kind === 'paused' ? 'paused' : `slowed to one start each ${duration(intervalMs)}`;
  const from = since === null ? '' : ` since ${clock(since)}`;
  const to = until === null ? '' : ` until ${clock(until)}`;
  return `${how}${from}${to}: ${reason}${changeOf(hold)}`;
}

function wordsOfSet({ concurrency, delayMs, max, durationMs }) {
  return [
    concurrency !== null && `set: ${count(concurrency)} at once`,
    delayMs !== null && `set: ${duration(delayMs)} apart`,
    max !== null && `set: ${count(max)} in ${duration(durationMs)}`,
  ];
}
