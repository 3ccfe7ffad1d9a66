// What a login file exports: the user's code that logs a session in.
import type { FetchInit } from '../fetch/wanted.ts';
import type { HandledPage } from '../page.ts';

/** What a login file's function is given. It throws, or rejects, when it cannot log in. */
export interface LoginArguments {
  /** As a handler's: its cookies are those of the session. */
  readonly fetch: (url: string | URL, init?: FetchInit) => Promise<HandledPage>;
  readonly session: { readonly name: string | null };
  /** Variables of the environment. Asking for one that is not set throws an Error that names it. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when the login has taken too long, or is another's meanwhile. */
  readonly signal: AbortSignal;
}

/** The default export of a login file. */
export type LoginFunction = (given: LoginArguments) => unknown;
