// Patterns for URLs (--include and --exclude): globs and regular expressions.
import { DroverError } from '../errors.ts';
import { Glob } from './glob.ts';

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
 * In globs, `*` matches any text without a slash (as a whole segment at least one character), `**` any text
 * (`/blog/**` also matches `/blog`), `?` one character other than a slash, `[ab]`, `[a-z]` and `[!a]` one
 * such character, `{a,b}` one of these texts; `\` makes the next character an ordinary one. Every other
 * character matches itself, also parentheses and `|`. `*` or `**` alone matches every URL. A pattern may
 * have host names in upper case and characters that a URL must encode, but these not within brackets.
 *
 * Throws E_SETTING, naming `setting`, for a malformed pattern, and for a glob of more than 1,000
 * characters, or 5,000 with the texts of its braces written out. A glob is matched in linear time. A
 * regular expression may take very long on a URL made for it; only the length of the longest accepted URL
 * limits that.
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
  for (const [inside] of pattern.matchAll(/\[[^\]]*/g))
    if (/[^\x21-\x7e]/.test(inside)) throw new Error('within brackets, only ASCII is possible; write {ä,ö}');
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
  const compiled = new Glob(withLiteralAddress(glob));
  return (text) => compiled.matches(text);
}

/** The brackets of an IPv6 address are no class of characters. */
function withLiteralAddress(glob: string): string {
  return glob.replace(/^([a-z*]+:\/\/)?\[([\da-f.]*:[\da-f:.]*)\]/, '$1\\[$2\\]');
}

/**
 * The most work that a pattern makes for one character of a URL, in steps. Throws E_SETTING as
 * compileUrlPattern does.
 */
export function stepsOfPattern(pattern: string, setting: string): number {
  compileUrlPattern(pattern, setting);
  return /^\*+$/.test(pattern) ? 1 : new Glob(withLiteralAddress(spelledAsUrl(pattern))).size;
}

function lastSegment(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.slice(path.lastIndexOf('/') + 1);
}

function pathStart(url: string): number {
  return url.indexOf('/', 8);
}
