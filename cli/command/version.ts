// The version of drover.
import { readFileSync } from 'node:fs';

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
