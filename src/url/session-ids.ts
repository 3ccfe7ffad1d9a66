// Removes session identifiers from URLs. A server gives each visit a new one, so that one page would seem to
// be many.

/** A quick first check that may say yes without reason. Nearly all links have no such text. */
const mayHoldOne =
  /;jsessionid=|\/\([sax]\(|[?&](?:s=|sid=|session|phpsess|jsess|aspsess|asp\.net|oscsid|zenid|cftoken)/i;

/**
 * The identifier in a path. After `.` or `..` it stays: `/a/..;jsessionid=1/b` without it would be another
 * path.
 */
const javaPathId = /(?<!\/\.{1,2});jsessionid=[^;/]*/gi;

/**
 * The identifier of ASP.NET: a whole segment of the path, but not the last. S is the session, A and F are the
 * tickets of an anonymous and of a logged-in user, X says that the server tried cookies first.
 * Source: https://learn.microsoft.com/en-us/previous-versions/ms178582(v=vs.140)
 */
const aspPathId =
  /\/\((?:(?:X\(\d\))?(?:A\([^()/]+\))?S\([a-z0-9]{24}\)(?:F\([^()/]+\))?|A\([^()/]+\)S\([^()/]+\)F\([^()/]+\))\)(?=\/)/gi;

/** Names of parameters, in lower case, that always mean a session. */
const sessionName = /^(?:phpsessid|jsessionid|aspsessionid[a-z]{8}|asp\.net_sessionid|oscsid|zenid)$/;
/** Names that may mean a session, but also a section, a search or a conference. The value decides. */
const doubtfulName = /^(?:s|sid|session|sessionid|session_id)$/;
/**
 * 16 or more hexadecimal digits (which may be digits alone), or 20 or more letters and digits with at least
 * one digit.
 */
const sessionValue = /^(?:[0-9a-f]{16,}|(?=[a-z]*\d)[a-z0-9]{20,})$/i;

/**
 * Removes the session identifiers from a normalised URL. The result is normalised too; everything else keeps
 * its order and spelling. A URL without session identifiers is returned as it is. Idempotent.
 *
 * These are removed: `;jsessionid=…` from every segment of the path; ASP.NET's `/(S(…))/`; the query
 * parameters of PHP, Java, ASP, osCommerce and Zen Cart; ColdFusion's CFID and CFTOKEN if both are present;
 * `s`, `sid`, `session`, `sessionid` and `session_id` if the value looks like a session identifier. The case
 * of names does not matter.
 */
export function withoutSessionIds(url: string): string {
  if (!mayHoldOne.test(url)) return url;
  const pathStart = url.indexOf('/', 8);
  const queryStart = url.indexOf('?', pathStart);
  const path = url.slice(pathStart, queryStart < 0 ? undefined : queryStart);
  const query = queryStart < 0 ? '' : withoutParameters(url.slice(queryStart + 1));
  const shortPath = path.replace(javaPathId, '').replace(aspPathId, '');
  return `${url.slice(0, pathStart)}${shortPath}${query === '' ? '' : `?${query}`}`;
}

function withoutParameters(query: string): string {
  const pairs = query.split('&');
  const names = pairs.map(nameOf);
  const isOfColdFusion = names.includes('cfid') && names.includes('cftoken');
  const kept = pairs.filter((pair, index) => {
    const name = names[index] ?? '';
    if (name === 'cfid' || name === 'cftoken') return !isOfColdFusion;
    if (doubtfulName.test(name)) return !sessionValue.test(pair.slice(name.length + 1));
    return !sessionName.test(name);
  });
  return kept.join('&');
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
}
