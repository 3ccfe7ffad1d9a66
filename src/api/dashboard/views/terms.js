// What the words of this page mean (docs/GLOSSARY.md, shorter): as a title at the word, and as a list at the
// end of a view, for those who have no pointer to hover with.
import { h } from '../element.js';

const meanings = {
  Recorded: 'Requests whose answer is stored.',
  Refused: 'Requests that the crawl may not fetch: out of its scope, or forbidden by robots.txt.',
  Dead: 'Requests that failed for good, as dead letters: each with its reason and all its attempts.',
  'Dead letters': 'Requests that failed for good, each with its reason and all its attempts.',
  Waiting: 'Requests that are accepted and have not ended.',
  Open: 'Requests that have left the frontier and have not ended: they are in the queue or being fetched.',
  'In flight': 'Fetches that run now.',
  Consumers: 'Processes that fetch.',
  Left: 'Time that the crawl still needs at its present speed, once it finds hardly any new links.',
  Frontier: 'Requests that are accepted and not yet handed to the queue.',
  Delayed: 'Open requests that wait for their next attempt, or until their host may be asked again.',
  Layer:
    'Where an attempt failed: dns, connect, tls, send, response, read and request are time-outs or faults of that step; http is a status such as 500.',
  'p50, p90, p99': 'Of 100 attempts, 50, 90 and 99 took at most this long.',
  Canary: 'A few letters of a group that are tried first; the rest follows when they succeed.',
  Replay: 'Tries dead letters again.',
  Groups: 'Dead letters with the same error at the same host.',
  Retries: 'Further attempts after one that failed.',
  Postponed:
    'How often a request had to wait without having used up an attempt: its host was paused, or named a time.',
  Spacing: 'Least time from one start to the next at the host.',
  Latency: 'Time until the first byte of an answer, lately.',
  Slowed: 'The host is asked less often, because it fails, answers slowly or has little of its quota left.',
  Paused: 'Nothing is fetched from the host until then.',
};

/** The meaning of a word, for the attribute `title`; null for a word that needs none. */
export const meaningOf = (word) => (Object.hasOwn(meanings, word) ? meanings[word] : null);

/** A list of these words, closed at first. */
export function termsPanel(...words) {
  const rows = words.map((word) => h('div', {}, h('dt', {}, word), h('dd', {}, meanings[word])));
  return h('details', { class: 'terms' }, h('summary', {}, 'What these words mean'), h('dl', {}, ...rows));
}
