// Installs a PostgreSQL for the tests of its store. If that fails, those tests are left out and say so.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

/** Where Debian keeps initdb, which is not on its PATH: see test/support/stores/postgres.ts. */
const versions = '/usr/lib/postgresql';

/** Installs PostgreSQL if there is none. If that fails, only prints why: it is needed for tests only. */
export function preparePostgres() {
  if (isThere()) return;
  try {
    withLock(() => isThere() || install());
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}

function isThere() {
  if (onPath('initdb')) return true;
  const found = fs.existsSync(versions) ? fs.readdirSync(versions) : [];
  return found.some((version) => fs.existsSync(join(versions, version, 'bin', 'initdb')));
}

function install() {
  installOne({
    what: 'PostgreSQL',
    wish: 'the tests of the store in PostgreSQL want a server',
    otherwise: 'go on without them',
    names: {
      'apt-get': ['postgresql'],
      dnf: ['postgresql-server'],
      apk: ['postgresql'],
      brew: ['postgresql'],
    },
  });
}
