// Session identifiers in URLs: each visit gets another, so that one page seems to be as many pages as it had visits.

/** Quick, and says yes too often. Nearly every link holds none of these. */
const mayHoldOne =
  /;jsessionid=|\/\([sax]\(|[?&](?:s=|sid=|session|phpsess|jsess|aspsess|asp\.net|oscsid|zenid|cftoken)/i;

/** Not behind the dots of a segment that would lead elsewhere without it: `/a/..;jsessionid=1/b`. */
const javaPathId = /(?<!\/\.{1,2});jsessionid=[^;/]*/gi;

/**
 * A segment of its own and not the last. S is the session, A and F are tickets of an unnamed and of a named user, X says
 * that the server tried cookies first. Source: https://learn.microsoft.com/en-us/previous-versions/ms178582(v=vs.140)
 */
const aspPathId =
  /\/\((?:(?:X\(\d\))?(?:A\([^()/]+\))?S\([a-z0-9]{24}\)(?:F\([^()/]+\))?|A\([^()/]+\)S\([^()/]+\)F\([^()/]+\))\)(?=\/)/gi;

/** Names, in lower case, that stand for a session wherever they are seen. */
const sessionName = /^(?:phpsessid|jsessionid|aspsessionid[a-z]{8}|asp\.net_sessionid|oscsid|zenid)$/;
/** Names that may stand for a section, a search or a conference as well: their value decides. */
const doubtfulName = /^(?:s|sid|session|sessionid|session_id)$/;
/** 16 or more hexadecimal digits, or 20 or more letters and digits of which there are both (digits alone are hexadecimal). */
const sessionValue = /^(?:[0-9a-f]{16,}|(?=[a-z]*\d)[a-z0-9]{20,})$/i;

/**
 * The URL (normalised) without session identifiers; the same string where there are none. Idempotent; what comes out is
 * normalised, and order and spelling of all else stay.
 *
 * Removed are `;jsessionid=…` from any segment of the path, ASP.NET's `/(S(…))/`, and the query parameters of PHP, Java,
 * ASP, osCommerce and Zen Cart; ColdFusion's CFID and CFTOKEN if both are there; `s`, `sid`, `session`, `sessionid` and
 * `session_id` if their value can be nothing else. Names are compared without regard to case.
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
