// Reads and makes the part of the address after the #: #/dead/JOB, #/explain?url=…. Links and reloads work.

/** @typedef {{name: string, id: string | null, query: Record<string, string>}} Route */

/** @returns {Route} */
export function readRoute(hash = location.hash) {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name = '', ...rest] = path.split('/');
  return {
    name: name || 'crawls',
    id: decoded(rest.join('/')),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** @returns {string} `#/name/id?query`; empty values are left out. */
export function routeTo(name, id = null, query = {}) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== '' && value !== null && value !== undefined,
  );
  const search = new URLSearchParams(given).toString();
  return `#/${name}${id ? `/${encodeURIComponent(id)}` : ''}${search ? `?${search}` : ''}`;
}

function decoded(text) {
  if (text === '') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
