// How the user runs drover, so that hints show commands that can be typed as they are, and its version.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What drover's own package.json says. */
export interface OwnPackage {
  name: string;
  version: string;
  dependencies: Readonly<Record<string, string>>;
  devDependencies: Readonly<Record<string, string>>;
  allowScripts: Readonly<Record<string, boolean>>;
}

interface Found {
  folder: string;
  content: OwnPackage;
}

const here = fileURLToPath(import.meta.url);
/** This file is in the folder itself in a checkout, in `.bundle/…` there, or in `dist/` of the package. */
const own = findOwnPackage();

/** When installed, drover is on the PATH; in a checkout npm runs it. */
export const OWN_COMMAND =
  own !== null && relative(own.folder, here).startsWith(`dist${sep}`) ? 'drover' : 'npm run drover --';

function findOwnPackage(): Found | null {
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const content = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as OwnPackage;
      if (content.name === 'drover') return { folder, content };
    } catch {
      // no package.json here: the folder above
    }
  }
  return null;
}

/** drover's own package.json and the folder in which it lies; null if it cannot be read. */
export function readOwnPackage(): Found | null {
  return own;
}

/** The version in package.json; `unknown` if that cannot be read. */
export function readVersion(): string {
  return own?.content.version ?? 'unknown';
}
