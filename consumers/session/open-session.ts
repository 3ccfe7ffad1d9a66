// The session of a job: which one it is, and whether a page may be fetched in it now. A session that is to be
// logged in is logged in first, by one process of the fleet.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import { failure } from '../../src/errors.ts';
import type { RequestExtras } from '../../src/request.ts';
import { type OpenSession, sessionId, useSession } from '../../src/sessions/sessions.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { JobSession } from './job-session.ts';
import type { JobToLogIn } from './log-in.ts';

/** What is known of a job before it has its session. */
export type JobToOpen = JobToLogIn & Pick<ActiveJob, 'memory'>;

const NONE: JobSession = Object.freeze({ kind: 'ready', session: null });
/** A job in hand waits so long for the login of another process; then it comes again. */
const WAIT_MS = 4000;
const LOOK_MS = 100;
const LATER_MS = 1000;

/**
 * At once, and without a question, in a crawl without sessions. `onWait` is called when it will take a while.
 */
export function sessionFor(
  context: ConsumerContext,
  job: JobToOpen,
  onWait: () => void,
): JobSession | Promise<JobSession> {
  const name = sessionNameOf(job.loadedCrawl, job.request.extras, job.memory.session);
  return name === null ? NONE : open(context, job, name, onWait);
}

async function open(
  context: ConsumerContext,
  job: JobToOpen,
  name: string,
  onWait: () => void,
): Promise<JobSession> {
  const { crawl, loadedCrawl } = job;
  const withLogin = hasLogin(loadedCrawl);
  const mostUses = name === '' ? null : loadedCrawl.settings.sessionUses;
  const givesUpAt = performance.now() + WAIT_MS;
  for (;;) {
    const state = await useSession(context.home, { crawl, name, mostUses, withLogin });
    if (state.kind === 'ready') {
      if (withLogin) seeLogin(context, loadedCrawl, state.session);
      return state;
    }
    if (state.kind === 'failed') return { kind: 'failed', failure: failure('E_LOGIN', state.why) };
    onWait();
    const isOver = state.kind === 'ended' || context.stopping() || job.abort.signal.aborted;
    if (isOver || loadedCrawl.state !== 'running' || performance.now() > givesUpAt)
      return { kind: 'later', untilMs: Date.now() + LATER_MS };
    if (state.kind === 'login') {
      const { logIn } = await import('./log-in.ts');
      await logIn(context, job, state.session, state.fence);
    } else await sleep(Math.min(state.afterMs, LOOK_MS));
  }
}

export function hasLogin({ settings }: LoadedCrawl): boolean {
  return settings.login !== null || settings.loginUrl !== null;
}

let count = Math.floor(Math.random() * 10_000);

/** `kept`: that of the redirects which the job goes on with. Null without sessions. */
function sessionNameOf(
  loadedCrawl: LoadedCrawl,
  extras: RequestExtras | null,
  kept: string | undefined,
): string | null {
  if (extras?.checkOnly) return null;
  const { sessions } = loadedCrawl.settings;
  if (kept !== undefined) return kept;
  if (extras?.session !== undefined) return extras.session;
  if (sessions !== null) return String(1 + (count++ % sessions));
  return hasLogin(loadedCrawl) ? '' : null;
}

const seen = new WeakMap<LoadedCrawl, Map<string, number>>();

/** After a login, the notice of its cookies may still be on its way to this process. */
function seeLogin(context: ConsumerContext, loadedCrawl: LoadedCrawl, session: OpenSession): void {
  const logins = seen.get(loadedCrawl) ?? new Map<string, number>();
  seen.set(loadedCrawl, logins);
  const id = sessionId(session);
  if (logins.get(id) === session.login) return;
  logins.set(id, session.login);
  context.cookieJars.readAnew(loadedCrawl);
}
