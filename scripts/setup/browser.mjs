// Installs a Chromium for the tests of the dashboard. If that fails, those tests are skipped and all others
// run.
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

/**
 * The programs that the tests look for, in this order: see test/support/api/browser.ts. The first is the same
 * browser without its window.
 */
const programs = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Installs a Chromium if there is none. If that fails, only prints why: it is needed for tests only. */
export function prepareBrowser() {
  if (programs.some(onPath)) return;
  try {
    withLock(() => programs.some(onPath) || install());
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}

function install() {
  installOne({
    what: 'chromium',
    wish: 'the tests of the dashboard want a Chromium',
    otherwise: 'go on without them',
    names: { 'apt-get': ['chromium-headless-shell', 'chromium'], dnf: ['chromium'], apk: ['chromium'] },
  });
}
