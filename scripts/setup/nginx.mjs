// Installs nginx for the tests of HTTP/2: a server that is none of Node's.
import { prepareTestPrograms } from './test-programs.mjs';

export function prepareNginx() {
  prepareTestPrograms(['nginx'], {
    what: 'nginx',
    wish: 'the tests of HTTP/2 want a server',
    names: { 'apt-get': ['--no-install-recommends nginx'], dnf: ['nginx'], apk: ['nginx'], brew: ['nginx'] },
  });
}
