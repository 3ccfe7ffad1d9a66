// What an answer says about its session: blocked, it is retired; logged out, it is logged in anew, and the
// page is fetched again.
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import { createLoggedOut, type ShowsLogin } from '../../src/crawl/logged-out.ts';
import { failure } from '../../src/errors.ts';
import { challengeOf } from '../../src/fetch/stand-ins.ts';
import type { Answer, FetchResult } from '../../src/outcome.ts';
import {
  MOST_LOGINS,
  noteLoggedOut,
  type OpenSession,
  proveLogin,
  retireSession,
  sessionId,
} from '../../src/sessions/sessions.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type Decision, die, postponeFor } from '../decision.ts';
import { hasLogin } from './open-session.ts';

const blocks = new Set([401, 403, 429]);
/** A page that shows its login after so many logins becomes a dead letter. */
const MOST_OF_PAGE = MOST_LOGINS;

/** Null when the answer counts; otherwise what happens to the request instead. */
export async function noteSession(
  context: ConsumerContext,
  job: ActiveJob,
  result: FetchResult,
): Promise<Decision | null> {
  const session = sessionOf(job);
  if (session === null || !result.ok) return null;
  const { answer } = result;
  if (showsLogin(job.loadedCrawl, answer)) return loggedOut(context, job, answer);
  const isBlocked = blocks.has(answer.status) || challengeOf(answer) !== null;
  if (isBlocked) {
    if (session.name !== '') await retire(context, job);
  } else if (hasLogin(job.loadedCrawl)) await prove(context, job.loadedCrawl, session);
  return null;
}

/** The session of the page is not used any more; another takes its place. */
export async function retire(context: ConsumerContext, job: ActiveJob): Promise<void> {
  const session = sessionOf(job);
  if (session !== null && (await retireSession(context.home, session)))
    context.log.info({ crawl: job.crawl, session: sessionId(session) }, 'session retired');
}

/**
 * The page is no result, and has used no attempt: its session is logged in anew, once for the fleet, and it
 * is fetched again.
 */
export async function loggedOut(context: ConsumerContext, job: ActiveJob, answer: Answer): Promise<Decision> {
  const session = sessionOf(job);
  const { result } = job.trace;
  if (session === null || !hasLogin(job.loadedCrawl)) {
    const why = failure('E_LOGIN', 'It is logged out, and the crawl has no --login and no --login-url.');
    return die(job, { failure: why, answer, result });
  }
  const times = (job.memory.loggedOut ?? 0) + 1;
  const why = `${answer.finalUrl} still shows the login after ${MOST_OF_PAGE} logins.`;
  await noteLoggedOut(context.home, session, why);
  if (times > MOST_OF_PAGE) return die(job, { failure: failure('E_LOGIN', why), answer, result });
  await job.remember({ hop: null, loggedOut: times });
  context.tallies.count(job.crawl, 'postponed');
  return postponeFor(0);
}

export function sessionOf({ session }: Pick<ActiveJob, 'session'>): OpenSession | null {
  return session.kind === 'ready' ? session.session : null;
}

/** For the record; null for none. */
export function sessionIdOf(job: Pick<ActiveJob, 'session'>): string | null {
  const session = sessionOf(job);
  return session && (sessionId(session) || null);
}

const proved = new WeakMap<LoadedCrawl, Set<string>>();

/** Once for each login in this process. */
async function prove(
  context: ConsumerContext,
  loadedCrawl: LoadedCrawl,
  session: OpenSession,
): Promise<void> {
  const known = proved.get(loadedCrawl) ?? new Set<string>();
  proved.set(loadedCrawl, known);
  const login = `${sessionId(session)} ${session.login}`;
  if (known.has(login)) return;
  known.add(login);
  await proveLogin(context.home, session);
}

const tests = new WeakMap<LoadedCrawl, ShowsLogin>();

function showsLogin(loadedCrawl: LoadedCrawl, answer: Answer): boolean {
  let test = tests.get(loadedCrawl);
  if (!test) {
    test = createLoggedOut(loadedCrawl.settings.loggedOut);
    tests.set(loadedCrawl, test);
  }
  return test(answer);
}
