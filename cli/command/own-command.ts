// How the user runs drover, so that hints show commands that can be typed as they are, and its version.
import { readFileSync } from 'node:fs';

/** In a checkout npm runs drover; when installed, it is on the PATH. */
export const OWN_COMMAND = import.meta.url.endsWith('.ts') ? 'npm run drover --' : 'drover';

/** The version in package.json; `unknown` if that cannot be read. */
export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      // in a checkout it is two levels up, in dist/ three
    }
  }
  return 'unknown';
}
