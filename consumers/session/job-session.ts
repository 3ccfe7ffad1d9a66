// How the session of a job stands.
import type { Failure } from '../../src/errors.ts';
import type { OpenSession } from '../../src/sessions/sessions.ts';

/** ready: a page may be fetched; null without sessions. later: somebody logs in, or the crawl is over. */
export type JobSession =
  | { readonly kind: 'ready'; readonly session: OpenSession | null }
  | { readonly kind: 'later'; readonly untilMs: number }
  | { readonly kind: 'failed'; readonly failure: Failure };
