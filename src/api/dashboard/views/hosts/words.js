// How a host stands, in words: as drover hosts tells it.
import { count, duration } from '../../text.js';

/** Beyond this a pause has no end of its own: it was made for good. */
const FOR_GOOD_MS = 365 * 86_400_000;

export function standingOf({ pausedMs, nextMs, inFlight, waiting, open }) {
  if (pausedMs > FOR_GOOD_MS) return { text: 'paused', kind: 'warn' };
  if (pausedMs > 0) return { text: `paused ${duration(pausedMs)}`, kind: 'warn' };
  if (inFlight > 0) return { text: 'fetching', kind: 'good' };
  if (waiting + open === 0) return { text: 'idle', kind: '' };
  return { text: nextMs > 1000 ? `next in ${duration(nextMs)}` : 'ready', kind: '' };
}

/** The least time between two starts, whoever asks for it. */
export const spacingOf = ({ delayMs, intervalMs, crawlDelayMs, paceMs }) =>
  Math.max(delayMs, intervalMs, crawlDelayMs ?? 0, paceMs ?? 0);

/** What is special about it; an empty list for most. */
export function remarksOf({ crawlDelayMs, paceMs, quotaMs, strikes, server, set }) {
  return [
    crawlDelayMs !== null && `robots.txt: ${duration(crawlDelayMs)} apart`,
    paceMs !== null && `slowed down to ${duration(paceMs)} apart`,
    quotaMs !== null && `its quota: ${duration(quotaMs)} apart`,
    strikes > 0 && `told us off ${count(strikes)}× in a row`,
    server !== null && `shares the ceiling of ${server}`,
    ...wordsOfSet(set),
  ].filter(Boolean);
}

function wordsOfSet({ concurrency, delayMs, max, durationMs }) {
  return [
    concurrency !== null && `set: ${count(concurrency)} at once`,
    delayMs !== null && `set: ${duration(delayMs)} apart`,
    max !== null && `set: ${count(max)} in ${duration(durationMs)}`,
  ];
}
