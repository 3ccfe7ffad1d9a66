// The sessions of a crawl: who its requests are towards the sites. Their state is in Redis, for all processes
// of the fleet; each step is one script.
import type { Fleet } from '../fleet.ts';
import type { Keys } from '../keys.ts';
import { defineScript, oneOf, type ScriptReply } from '../scripts.ts';

/** One generation of a session. When it is retired, the next one takes its place. */
export interface CrawlSession {
  readonly crawl: string;
  /** As the request names it, or its number with --sessions; '' when all of the crawl is one session. */
  readonly name: string;
  readonly generation: number;
}

/** A session in which a page may be fetched. */
export interface OpenSession extends CrawlSession {
  /** How often it was logged in. */
  readonly login: number;
}

/** login: the caller logs in, under the lease with this fence. wait: somebody else does. */
export type SessionState =
  | { readonly kind: 'ready'; readonly session: OpenSession }
  | { readonly kind: 'login'; readonly session: CrawlSession; readonly fence: number }
  | { readonly kind: 'wait'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'ended' };

/** Whoever logs in says so this often, and another takes over when it was not heard of for so long. */
export const LOGIN_LEASE_MS = 5000;
/** After so many logins that failed, or after which pages still show the login, none is tried for a while. */
export const MOST_LOGINS = 3;
const REST_MS = 60_000;
/** Time from a login that failed to the next. */
const AGAIN_MS = 1000;

/** The name under which its cookies are kept, and which its records have. */
export function sessionId({ name, generation }: Pick<CrawlSession, 'name' | 'generation'>): string {
  return generation === 1 ? name : `${name}.${generation}`;
}

const ofCrawl = { key: (keys: Keys, { crawl }: { crawl: string }) => keys.sessions(crawl) };
const isOne = (reply: ScriptReply) => reply === 1;

interface Use {
  crawl: string;
  name: string;
  /** Uses of a generation; null for any number. */
  mostUses: number | null;
  /** Whether the session is to be logged in. */
  withLogin: boolean;
}

const kindOf = oneOf<SessionState['kind']>('ready', 'login', 'wait', 'failed', 'ended');

const useScript = defineScript({
  ...ofCrawl,
  path: 'sessions/lua/use-session.lua',
  args: ({ crawl, name, mostUses, withLogin }: Use) => [
    ...[crawl, name, mostUses ?? 0, withLogin ? LOGIN_LEASE_MS : 0, MOST_LOGINS],
  ],
  answer(reply, { crawl, name }): SessionState {
    const [word, generation, more] = reply as [string, number, number | string];
    const kind = kindOf(word);
    const session = { crawl, name, generation };
    switch (kind) {
      case 'ready':
        return { kind, session: { ...session, login: Number(more) } };
      case 'login':
        return { kind, session, fence: Number(more) };
      case 'wait':
        return { kind, afterMs: Number(more) };
      case 'failed':
        return { kind, why: String(more) };
      case 'ended':
        return { kind };
      default:
        return kind satisfies never;
    }
  },
});

interface LoginNote extends CrawlSession {
  fence: number;
  what: 'goes-on' | 'done' | 'failed';
  why: string;
}

const loginScript = defineScript({
  ...ofCrawl,
  path: 'sessions/lua/end-login.lua',
  args: ({ crawl, name, generation, fence, what, why }: LoginNote) => [
    ...[crawl, name, generation, fence, what, what === 'failed' ? AGAIN_MS : LOGIN_LEASE_MS],
    ...[MOST_LOGINS, REST_MS, why],
  ],
  answer: isOne,
});

const loggedOutScript = defineScript({
  ...ofCrawl,
  path: 'sessions/lua/note-logged-out.lua',
  args: ({ crawl, name, generation, login, why }: OpenSession & { why: string }) => [
    ...[crawl, name, generation, login, MOST_LOGINS, REST_MS, why],
  ],
  answer: isOne,
});

const proveScript = defineScript({
  ...ofCrawl,
  path: 'sessions/lua/prove-login.lua',
  args: ({ crawl, name, generation, login }: OpenSession) => [crawl, name, generation, login],
  answer: () => undefined,
});

const retireScript = defineScript({
  ...ofCrawl,
  path: 'sessions/lua/retire-session.lua',
  args: ({ crawl, name, generation }: CrawlSession) => [crawl, name, generation],
  answer: isOne,
});

/** A page is about to be fetched in the session. A login is given to one caller of the fleet at a time. */
export function useSession(fleet: Fleet, use: Use): Promise<SessionState> {
  return fleet.run(useScript, use);
}

/** False when the login is another's meanwhile, or the session was retired. */
export function noteLogin(fleet: Fleet, note: LoginNote): Promise<boolean> {
  return fleet.run(loginScript, note);
}

/**
 * A page of the session shows that it is logged out. True for the first that says so after this login: the
 * session is then logged in anew.
 */
export function noteLoggedOut(fleet: Fleet, session: OpenSession, why: string): Promise<boolean> {
  return fleet.run(loggedOutScript, { ...session, why });
}

/** A page of the session was seen that is logged in. */
export function proveLogin(fleet: Fleet, session: OpenSession): Promise<void> {
  return fleet.run(proveScript, session);
}

/** The next generation takes its place, without cookies. False when it was retired before. */
export function retireSession(fleet: Fleet, session: CrawlSession): Promise<boolean> {
  return fleet.run(retireScript, session);
}
