// Installs two proxies for the tests of fetching through them: tinyproxy (http) and microsocks (SOCKS 5). If
// that fails, those tests are left out and say so.
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

const programs = ['tinyproxy', 'microsocks'];

/** Installs what is missing. If that fails, only prints why: it is needed for tests only. */
export function prepareProxies() {
  if (isThere()) return;
  try {
    withLock(() => isThere() || install());
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}

const isThere = () => programs.every((program) => onPath(program));

function install() {
  installOne({
    what: 'tinyproxy and microsocks',
    wish: 'the tests of fetching through proxies want some',
    otherwise: 'go on without them',
    names: {
      'apt-get': [`--no-install-recommends ${programs.join(' ')}`],
      apk: [programs.join(' ')],
      brew: [programs.join(' ')],
    },
  });
}
