// Installs an S3 server for the tests of its store: Ceph's radosgw, with the monitor and the object store
// that it needs (about 80 MB). If that fails, those tests are left out and say so.
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

const programs = { radosgw: 'radosgw', 'ceph-mon': 'ceph-mon', 'ceph-osd': 'ceph-osd' };

/** Installs what is missing. If that fails, only prints why: it is needed for tests only. */
export function prepareRadosgw() {
  try {
    for (const [program, name] of Object.entries(programs))
      if (!onPath(program)) withLock(() => onPath(program) || install(name));
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}

function install(name) {
  installOne({
    what: name,
    wish: 'the tests of the store in S3 want a server',
    otherwise: 'go on without them',
    names: { 'apt-get': [name] },
  });
}
