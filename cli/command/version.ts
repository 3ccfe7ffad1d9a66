// Which drover this is.
import { readFileSync } from 'node:fs';

export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      // from a checkout it lies two levels up, from dist/ three
    }
  }
  return 'unknown';
}
