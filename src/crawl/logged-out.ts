// Which pages show that their session is logged out (--logged-out), and whether the settings of a login go
// together.
import type { CrawlSettings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import type { Answer } from '../outcome.ts';
import { compileUrlPattern } from '../url/url-pattern.ts';

export type ShowsLogin = (answer: Pick<Answer, 'finalUrl' | 'body' | 'rendered'>) => boolean;

const OF_TEXT = 'text:';

/** Throws E_SETTING for a malformed pattern. */
export function createLoggedOut(patterns: CrawlSettings['loggedOut']): ShowsLogin {
  const tests = patterns.map(testOf);
  return (answer) => tests.some((test) => test(answer));
}

/**
 * A pattern for the URL where redirects led, or where the page went by itself in a browser; or `text:` and
 * what stands in the body.
 */
function testOf(pattern: string): ShowsLogin {
  if (!pattern.startsWith(OF_TEXT)) {
    const matches = compileUrlPattern(pattern, '--logged-out');
    return ({ finalUrl, rendered }) => matches(finalUrl) || (!!rendered?.wentTo && matches(rendered.wentTo));
  }
  const text = Buffer.from(pattern.slice(OF_TEXT.length));
  if (text.length === 0) throw new DroverError('E_SETTING', '--logged-out text: needs a text behind it.');
  return ({ body: { buffer, byteOffset, byteLength } }) =>
    Buffer.from(buffer, byteOffset, byteLength).includes(text);
}

export type LoginSettings = Pick<CrawlSettings, 'login' | 'loginUrl' | 'loginForm' | 'loggedOut'>;

/** Throws E_SETTING for a malformed pattern, and for a setting that would have no effect. */
export function checkLogin({ login, loginUrl, loginForm, loggedOut }: LoginSettings): void {
  const wrong = (detail: string) => new DroverError('E_SETTING', detail);
  if (login !== null && loginUrl !== null) throw wrong('Give --login or --login-url, not both.');
  if (loginUrl !== null && loginForm.length === 0)
    throw wrong('--login-url needs --login-form for each field of the form.');
  if (loginUrl === null && loginForm.length > 0) throw wrong('--login-form needs --login-url.');
  if (loggedOut.length > 0 && login === null && loginUrl === null)
    throw wrong('--logged-out needs --login or --login-url.');
  createLoggedOut(loggedOut);
}
