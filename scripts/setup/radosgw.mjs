// Installs an S3 server for the tests of its store: Ceph's radosgw, with the monitor and the object store
// that it needs.
import { prepareTestPrograms } from './test-programs.mjs';

const programs = ['radosgw', 'ceph-mon', 'ceph-osd'];

/** What the packages recommend is for clusters: manager, file system, dashboard. */
export function prepareRadosgw() {
  prepareTestPrograms(programs, {
    what: 'radosgw, ceph-mon and ceph-osd',
    wish: 'the tests of the store in S3 want a server',
    names: { 'apt-get': [`--no-install-recommends ${programs.join(' ')}`] },
  });
}
