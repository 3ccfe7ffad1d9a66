// Whether a proxy may be used now. One that fails is left out for a while, longer each time, and then tried
// with one request. Pure: the time is an argument, in milliseconds.
import type { ProxyResult } from './source.ts';

/** The first time that a proxy is left out; it doubles each time. */
export const FIRST_LEFT_OUT_MS = 5000;
export const LONGEST_LEFT_OUT_MS = 300_000;
/** So many answers in a row without a connection in time tell of the proxy, not of the servers. */
const MOST_SLOW = 5;
/**
 * A proxy that has worked with this login is not left out for one refusal of it: in absolute form, a server
 * could have sent it.
 */
const MOST_LOGINS = 3;

export class ProxyHealth {
  /** How often in a row it has been left out. */
  #times = 0;
  #until = 0;
  #isTried = false;
  #hasWorked = false;
  #slow = 0;
  #logins = 0;

  /** How long it is still left out; 0 when it may be used. After its time, one request tries it. */
  leftOutMs(now: number): number {
    if (this.#until > now) return this.#until - now;
    return this.#times > 0 && this.#isTried ? 1000 : 0;
  }

  /** A request is sent. */
  used(): void {
    if (this.#times > 0) this.#isTried = true;
  }

  ended(result: ProxyResult, now: number): void {
    this.#isTried = false;
    switch (result) {
      case 'worked':
      case 'refused': // it was there, and spoke
        this.#times = 0;
        this.#slow = 0;
        this.#logins = 0;
        this.#until = 0;
        this.#hasWorked ||= result === 'worked';
        break;
      case 'unreachable':
        this.#leaveOut(now, FIRST_LEFT_OUT_MS * 2 ** Math.min(this.#times, 10));
        break;
      case 'login':
        if (!this.#hasWorked || ++this.#logins >= MOST_LOGINS) this.#leaveOut(now, LONGEST_LEFT_OUT_MS);
        break;
      case 'slow':
        if (++this.#slow >= MOST_SLOW)
          this.#leaveOut(now, FIRST_LEFT_OUT_MS * 2 ** Math.min(this.#times, 10));
        break;
      case 'unknown':
        break;
      default:
        result satisfies never;
    }
  }

  /** Requests that were under way meanwhile tell the same once more: they do not make it longer. */
  #leaveOut(now: number, ms: number): void {
    if (this.#until > now) return;
    this.#times++;
    this.#until = now + Math.min(ms, LONGEST_LEFT_OUT_MS);
  }
}
