// Installs nginx for the tests: a server of HTTP/2 that is none of Node's, and one that serves what drover
// writes for it.
import { prepareTestPrograms } from './test-programs.mjs';

export function prepareNginx() {
  prepareTestPrograms(['nginx'], {
    what: 'nginx',
    wish: 'the tests of HTTP/2 and of identities want a server',
    names: { 'apt-get': ['--no-install-recommends nginx'], dnf: ['nginx'], apk: ['nginx'], brew: ['nginx'] },
  });
}
