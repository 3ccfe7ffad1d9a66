// The name of a crawl that the user did not name. The same seeds must give the same name, so that the same
// command finds the crawl again.
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readBareUrl } from '../../src/seeds/bare-url.ts';

/** Makes a name from the first seed's host or file name and a hash of all seeds. */
export function nameOfSeeds(seeds: readonly string[]): string {
  const named = seeds.map((seed) => (existsSync(seed) ? null : readBareUrl(seed)?.url) ?? seed);
  const places = named.map((seed) => (/^[a-z]+:\/\//i.test(seed) || seed === '-' ? seed : resolve(seed)));
  const first = named[0] ?? 'demo';
  const word = URL.canParse(first)
    ? new URL(first).hostname
    : first === '-'
      ? 'stdin'
      : (first.split(/[\\/]/).pop() ?? '');
  const clean =
    word
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 60) || 'crawl';
  return `${clean}-${hash('sha256', places.join('\n'), 'hex').slice(0, 6)}`;
}
