// Patterns for URLs (--include and --exclude): globs and regular expressions.
import picomatch from 'picomatch/posix.js';
import { DroverError } from '../errors.ts';

/**
 * Compiles a pattern into a test on normalised URLs.
 *
 * | pattern | is matched against |
 * |---|---|
 * | `/regex/`, `/regex/i` | the whole URL, anywhere in it; flags `i` and `u` |
 * | `/blog/**`, begins with a slash | path and query |
 * | `*.pdf`, no slash | the URL after its last slash, and the last part of its path without the query |
 * | `http://x/a/**`, `http*://x/**` | the whole URL |
 * | `*.example.com/**`, any other | host with port, path and query |
 *
 * In globs, `*` matches any text without a slash, `**` any text (`/blog/**` also matches `/blog`), `?` one
 * character other than a slash, `[ab]` one of these characters, `{a,b}` one of these texts. Every other
 * character matches itself, also parentheses and `|`. `*` or `**` alone matches every URL. A pattern may have
 * host names in upper case and characters that a URL must encode.
 *
 * Throws E_SETTING, naming `setting`, for a malformed pattern. A regular expression, or a glob with several
 * `**`, may take long on a URL made for it; only the length of the longest accepted URL limits that.
 */
export function compileUrlPattern(pattern: string, setting: string): (url: string) => boolean {
  const regex = /^\/(.+)\/([a-z]*)$/s.exec(pattern);
  try {
    if (regex && isRegex(regex)) return regexTest(new RegExp(regex[1] ?? '', regex[2]));
    return globTest(pattern);
  } catch (cause) {
    throw new DroverError('E_SETTING', `${setting} ${pattern}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Whether compileUrlPattern reads the pattern as a regular expression: `/blog/` is one, `/blog/**` is a glob.
 */
export function isRegexPattern(pattern: string): boolean {
  return /^\/.+\/[iu]*$/s.test(pattern);
}

/** `/en/us` is a path. `/en(us)?/g` is a regular expression with a flag that has no use here. */
function isRegex([, body = '', flags = '']: RegExpExecArray): boolean {
  if (/^[iu]*$/.test(flags)) return true;
  if (/^[dgimsuvy]+$/.test(flags) && /[\\^$|()+]/.test(body))
    throw new Error('a regular expression takes the flags i and u only');
  return false;
}

function regexTest(regex: RegExp): (url: string) => boolean {
  return (url) => regex.test(url);
}

function globTest(pattern: string): (url: string) => boolean {
  if (/^\*+$/.test(pattern)) return () => true;
  const glob = spelledAsUrl(pattern);
  if (glob === '/') return (url) => url.endsWith('/') && pathStart(url) === url.length - 1;
  if (glob.startsWith('/')) {
    // The first slash is cut off, because picomatch would otherwise not match /a with /**/a.
    const matches = matcher(glob.slice(1));
    return (url) => matches(url.slice(pathStart(url) + 1));
  }
  const matches = matcher(glob);
  if (!glob.includes('/'))
    return (url) => matches(url.slice(url.lastIndexOf('/') + 1)) || matches(lastSegment(url));
  if (glob.includes('://')) return matches;
  return (url) => matches(url.slice(url.indexOf('//') + 2));
}

/**
 * Spells a pattern as URLs are spelled: host in lower case, the rest percent-encoded; a URL without a path
 * gets `/`.
 */
function spelledAsUrl(pattern: string): string {
  const [, scheme = '', host = '', path = ''] = /^([^/]*:\/\/)?([^/]*)(.*)$/s.exec(pattern) ?? [];
  const hasHost = scheme !== '' || (host !== '' && path !== '');
  const rest = path === '' && scheme !== '' && !host.endsWith('**') ? '/' : path;
  const head = hasHost ? (scheme + host).toLowerCase() : host;
  return (head + rest)
    .toWellFormed()
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent)
    .replace(/%[0-9a-f]{2}/gi, (triplet) => triplet.toUpperCase());
}

function matcher(glob: string): (text: string) => boolean {
  const literal = glob.replace(/(?<!\\)[()|]/g, '\\$&');
  // picomatch knows ** as a whole segment only. Here a** means a* and everything below it.
  const spelled = literal.replace(/([^/*])\*\*+(?=\/|$)/g, '$1{*,*/**}');
  const regex = picomatch.makeRe(spelled, { dot: true, nonegate: true, debug: true });
  return (text) => regex.test(withoutDotSegments(text));
}

/**
 * Hides segments `.` and `..`, which no * matches. That rule is right for files, but in a query
 * (`?back=/a/../b`) they are ordinary text.
 */
function withoutDotSegments(text: string): string {
  return text.includes('/.') ? text.replace(/\/(?=\.\.?(?:\/|$))/g, '/-') : text;
}

function lastSegment(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.slice(path.lastIndexOf('/') + 1);
}

function pathStart(url: string): number {
  return url.indexOf('/', 8);
}
