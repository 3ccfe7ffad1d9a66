// Calls the HTTP API. A failed call throws a Problem. When the session has ended, `onUnauthorized` is called
// as well.
import { Problem } from './problem.js';

const SILENT = {
  title: 'The server does not answer.',
  detail: 'The server does not answer.',
  advice: 'Check that drover serve is running. This page reconnects by itself.',
};

/**
 * @param {{onUnauthorized: () => void}} options
 */
export function createApi({ onUnauthorized }) {
  async function send(method, path, { body, headers = {}, signal } = {}) {
    const hasBody = body !== undefined;
    const response = await fetch(path, {
      method,
      signal,
      credentials: 'same-origin',
      headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
      body: hasBody ? JSON.stringify(body) : undefined,
    }).catch((error) => {
      throw error.name === 'AbortError' ? error : new Problem(SILENT);
    });
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401 && path !== '/v1/session') onUnauthorized();
    throw problem;
  }

  const json = async (method, path, options) => {
    const response = await send(method, path, options);
    return response.status === 204 ? null : response.json();
  };
  return {
    get: (path, signal) => json('GET', path, { signal }),
    post: (path, body, headers) => json('POST', path, { body, headers }),
    patch: (path, body) => json('PATCH', path, { body }),
    delete: (path) => json('DELETE', path, {}),
    /** Asks for the answer in the format `accept` and saves it as a file. */
    async save(path, accept, fileName) {
      const response = await send('GET', path, { headers: { accept } });
      saveFile(await response.blob(), fileName);
    },
  };
}

async function problemOf(response) {
  const { status } = response;
  const text = await response.text().catch(() => '');
  try {
    return new Problem({ ...JSON.parse(text), status });
  } catch {
    return new Problem({ status, detail: `The server answered ${status}.` });
  }
}

function saveFile(blob, fileName) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  // The object URL is kept for 10 s, in case the download has not begun yet.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Makes a query string such as `?a=b`. Empty, null and undefined values are left out. */
export function queryOf(values) {
  const given = Object.entries(values).filter(([, value]) => ![null, undefined, ''].includes(value));
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query ? `?${query}` : '';
}

/**
 * Makes the Idempotency-Key header of a call that must not be done twice. The same body gets the same key, so
 * a repeated call after a lost answer counts as the same call.
 */
export function createCallKey() {
  let last = { body: '', key: '' };
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== last.body) {
      const random = crypto.getRandomValues(new Uint8Array(16));
      last = { body: text, key: [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
    }
    return { 'idempotency-key': last.key };
  };
}
