// Fetching robots.txt for the robots cache: by the same client, under the slot that the asking request holds.

import type { RobotsFetch, RobotsVerdict } from '../politeness/robots.ts';
import { limiterKeyOf } from '../url/host.ts';
import { allowListOf, guardedFetch } from './guarded-fetch.ts';
import { onStartOf } from './start.ts';
import type { Station, Work } from './station.ts';

/** RFC 9309 §2.5: at least 500 KiB are to be parsed; what comes after is not read. */
const MAX_BYTES = 500 * 1024;
/** RFC 9309 §2.3.1.2: at least five. */
const MAX_REDIRECTS = 5;
/** A 429 for robots.txt says nothing of its rules: ask again after this. */
const TOLD_OFF_MS = 10_000;

/** RFC 9309 §2.3.1.2: after too many redirects, the file may be taken for unavailable. */
const NO_ROBOTS: RobotsFetch = { kind: 'answer', status: 404, text: '' };

/** `fetched`: whether this call fetched it, which was a start at the host. */
export async function askRobots(
  station: Station,
  work: Work,
  url: string,
): Promise<{ verdict: RobotsVerdict; fetched: boolean }> {
  let fetched = false;
  const verdict = await station.robots.check(url, (robotsUrl) => {
    fetched = true;
    return fetchRobots(station, work, robotsUrl);
  });
  return { verdict, fetched };
}

async function fetchRobots(station: Station, work: Work, robotsUrl: string): Promise<RobotsFetch> {
  const { plan } = work;
  const result = await guardedFetch(station, work, {
    url: robotsUrl,
    method: 'GET',
    headers: {},
    body: null,
    userAgent: plan.settings.userAgent,
    timeouts: plan.timeouts,
    maxBytes: MAX_BYTES,
    truncate: true,
    maxRedirects: MAX_REDIRECTS,
    allow: allowListOf(plan),
    signal: work.abort.signal,
    onStart: onStartOf(station, work),
  });
  // What ended because of us says nothing of the host.
  if (work.abort.signal.aborted) return { kind: 'later', untilMs: Date.now() };
  if (!result.ok && result.failure.code === 'E_REDIRECT_LOOP') return NO_ROBOTS;
  if (!result.ok) return { kind: 'unreachable', message: `${result.failure.code} ${result.failure.message}` };
  const { status, body } = result.answer;
  if (status === 429) {
    await station.slots.pause(limiterKeyOf(robotsUrl), TOLD_OFF_MS);
    return { kind: 'later', untilMs: Date.now() + TOLD_OFF_MS };
  }
  return { kind: 'answer', status, text: new TextDecoder().decode(body) };
}
