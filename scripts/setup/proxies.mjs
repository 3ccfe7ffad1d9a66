// Installs proxies for the tests of fetching through them: tinyproxy and squid (http), microsocks and dante
// (SOCKS 5).
import { prepareTestPrograms } from './test-programs.mjs';

const programs = ['tinyproxy', 'microsocks'];

export function prepareProxies() {
  prepareTestPrograms(programs, {
    what: 'tinyproxy and microsocks',
    wish: 'the tests of fetching through proxies want some',
    names: {
      'apt-get': [`--no-install-recommends ${programs.join(' ')}`],
      apk: [programs.join(' ')],
      brew: [programs.join(' ')],
    },
  });
  prepareTestPrograms(['squid', 'danted'], {
    what: 'squid and dante',
    wish: 'some tests of proxies want them',
    names: { 'apt-get': ['--no-install-recommends squid dante-server'] },
  });
}
