// Where a fetcher gets the credentials of its hops from. Each is bound to one origin.
import type { Failure } from '../../errors.ts';

export interface AskedHop {
  /** `https://example.com`, without a default port. */
  readonly origin: string;
  readonly method: string;
  /** The path and the query, as they are sent. */
  readonly uri: string;
}

/** The header Authorization of a hop; null for none yet. Or why the credentials cannot be had now. */
export type Authorization = { readonly header: string | null } | { readonly failure: Failure };

/** The part of an answer that is about credentials. */
export interface HeardAnswer {
  readonly status: number;
  /** WWW-Authenticate, and Authentication-Info. */
  readonly challenge: string;
  readonly info: string;
}

export interface AuthorizationSource {
  /** What to send. Null when there are no credentials for the origin. */
  authorize(asked: AskedHop): Promise<Authorization | null>;
  /**
   * Hears what came. With a header, the request is to be sent once more with it. `sent`: what `authorize` or
   * the answer before had for it. `isLast`: it will not be sent again.
   */
  answered(
    asked: AskedHop,
    sent: string | null,
    heard: HeardAnswer,
    isLast: boolean,
  ): Promise<Authorization | null>;
}
