// Installs an S3 server for the tests of its store: Ceph's radosgw, with the monitor and the object store
// that it needs. If that fails, those tests are left out and say so.
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

const programs = ['radosgw', 'ceph-mon', 'ceph-osd'];

/** Installs what is missing. If that fails, only prints why: it is needed for tests only. */
export function prepareRadosgw() {
  if (isThere()) return;
  try {
    withLock(() => isThere() || install());
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}

const isThere = () => programs.every((program) => onPath(program));

/** What the packages recommend is for clusters: manager, file system, dashboard. */
function install() {
  installOne({
    what: 'radosgw, ceph-mon and ceph-osd',
    wish: 'the tests of the store in S3 want a server',
    otherwise: 'go on without them',
    names: { 'apt-get': [`--no-install-recommends ${programs.join(' ')}`] },
  });
}
