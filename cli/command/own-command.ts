// How the user runs drover, so that hints show commands that can be typed as they are, and its version.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** In a checkout npm runs drover; when installed, it is on the PATH. */
export const OWN_COMMAND = import.meta.url.endsWith('.ts') ? 'npm run drover --' : 'drover';

/** What drover's own package.json says. */
export interface OwnPackage {
  version: string;
  dependencies: Readonly<Record<string, string>>;
  devDependencies: Readonly<Record<string, string>>;
  allowScripts: Readonly<Record<string, boolean>>;
}

/** drover's own package.json and the folder in which it lies; null if it cannot be read. */
export function readOwnPackage(): { folder: string; content: OwnPackage } | null {
  for (const path of ['../../package.json', '../../../package.json']) {
    const url = new URL(path, import.meta.url);
    try {
      const content = JSON.parse(readFileSync(url, 'utf8')) as OwnPackage;
      return { folder: fileURLToPath(new URL('.', url)), content };
    } catch {
      // in a checkout it is two levels up, in dist/ three
    }
  }
  return null;
}

/** The version in package.json; `unknown` if that cannot be read. */
export function readVersion(): string {
  return readOwnPackage()?.content.version ?? 'unknown';
}
