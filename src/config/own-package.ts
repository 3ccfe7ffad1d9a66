// drover's own package.json: its version, and what it depends on.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What drover's own package.json says. */
export interface OwnPackage {
  name: string;
  version: string;
  dependencies: Readonly<Record<string, string>>;
  devDependencies: Readonly<Record<string, string>>;
  allowScripts: Readonly<Record<string, boolean>>;
}

interface FoundPackage {
  folder: string;
  content: OwnPackage;
}

/** This file is in the folder itself in a checkout, in `.bundle/…` there, or in `dist/` of the package. */
const own = findOwnPackage();

function findOwnPackage(): FoundPackage | null {
  const here = fileURLToPath(import.meta.url);
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
export function readOwnPackage(): FoundPackage | null {
  return own;
}

/** The version in package.json; `unknown` if that cannot be read. */
export function readVersion(): string {
  return own?.content.version ?? 'unknown';
}
