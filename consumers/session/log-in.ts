// Logs a session in: runs the user's login, or fills the form of the settings, under a lease that is kept
// while it goes on. It is loaded when the first session of a crawl is to be logged in.
import { failure } from '../../src/errors.ts';
import { fetchesHere } from '../../src/handlers/fetch/serve-fetches.ts';
import { runLogin } from '../../src/handlers/login/run-login.ts';
import { type CrawlSession, noteLogin, sessionId } from '../../src/sessions/sessions.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { fetchesOfJob } from '../handlers/handler-fetch.ts';

/** What is known of the job for whose page a session is logged in. */
export type JobToLogIn = Pick<
  ActiveJob,
  'jobId' | 'crawl' | 'id' | 'request' | 'loadedCrawl' | 'attempt' | 'abort'
>;

/** How long a login may take. */
const LOGIN_MS = 60_000;
/** How often the lease is renewed. */
const RENEW_MS = 1000;

/** Returns when it has ended; how it ended is in Redis. Rejects when the job is lost to this process. */
export async function logIn(
  context: ConsumerContext,
  job: JobToLogIn,
  session: CrawlSession,
  fence: number,
): Promise<void> {
  const { home: fleet, log } = context;
  const { loadedCrawl, abort } = job;
  const note = (what: 'goes-on' | 'done' | 'failed', why = '') =>
    noteLogin(fleet, { ...session, fence, what, why });
  const limit = new AbortController();
  const renewing = setInterval(() => {
    note('goes-on').then((isOurs) => isOurs || limit.abort(failure('E_LOCK_LOST')), context.onTrouble);
  }, RENEW_MS);
  const { url } = job.request;
  const open = { ...session, login: 0 };
  const page = {
    ...{ ...job, jobId: `${job.jobId}/login`, archive: null, fence },
    ...{ session: { kind: 'ready' as const, session: open }, slot: { hasPermit: false } },
  };
  try {
    const signal = AbortSignal.any([limit.signal, abort.signal]);
    const why = await runLogin({
      settings: loadedCrawl.settings,
      urlRules: loadedCrawl.urlRules,
      session: session.name,
      fetchForPage: fetchesHere(fetchesOfJob(context, page, url)),
      ...{ pageUrl: url, signal, timeoutMs: LOGIN_MS },
    });
    const told = { crawl: session.crawl, session: sessionId(session) };
    if (why === null) log.info(told, 'session logged in');
    else log.warn({ ...told, why }, 'login failed');
    await note(why === null ? 'done' : 'failed', why ?? '');
  } finally {
    clearInterval(renewing);
  }
}
