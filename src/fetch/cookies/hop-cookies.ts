// Where the cookies of a fetch come from: a jar that the crawl keeps, or this one chain of redirects.
import type { SerializedCookie } from 'tough-cookie';

/** A cookie in the form in which a job keeps it. */
export type StoredCookie = SerializedCookie;

export interface HopCookies {
  /**
   * What is sent to this URL, each `name=value`; undefined for nothing. A promise only where that has to be
   * asked for.
   */
  pairsFor(url: string): readonly string[] | undefined | Promise<readonly string[] | undefined>;
  /**
   * Receives the lines of Set-Cookie in an answer of `url`. What the rules forbid is left out. When it is
   * done, they are sent with the next hop, wherever that is made.
   */
  receive(url: string, lines: readonly string[]): Promise<void> | undefined;
}
