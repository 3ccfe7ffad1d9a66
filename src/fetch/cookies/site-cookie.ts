// A cookie as a jar has it, with all that a browser must know to treat it in the same way.

export interface SiteCookie {
  readonly name: string;
  readonly value: string;
  /** Without a dot before it. */
  readonly domain: string;
  /** It is for this host alone, and not for those below it. */
  readonly isHostOnly: boolean;
  readonly path: string;
  /** In milliseconds since 1970; null: as long as the jar. */
  readonly expiresAt: number | null;
  readonly isHttpOnly: boolean;
  readonly isSecure: boolean;
  /** As it was set, in lower case; null if it was not. */
  readonly sameSite: string | null;
}
