// Turns the arguments of a command line (URLs, lists, standard input) into seeds, and describes bad lines to
// the user.
import type { Readable } from 'node:stream';
import { DroverError, type Failure } from '../../src/errors.ts';
import { printable, shorten } from '../../src/printable.ts';
import { readBareUrl } from '../../src/seeds/bare-url.ts';
import { parseSeed, readSeeds, type SeedLine } from '../../src/seeds/read.ts';
import type { UrlRules } from '../../src/url/normalize.ts';
import { isList, openList } from './list-file.ts';

/**
 * Yields the seeds of a command line, argument by argument:
 *
 * - `-` is `stdin`;
 * - a text that begins with http:// or https:// is a URL;
 * - any other text is a list file, gzipped or not;
 * - `example.com/path` without such a file is a URL without its scheme (readBareUrl), unless it looks like
 *   the name of a file.
 *
 * `source` is `stdin`, the path, or `argument`, with the position of the argument as `line`. Throws E_FILE
 * and E_USAGE before the first seed if an argument is none of these, and E_FILE when reading a file fails.
 */
export async function* seedsFromArguments(
  args: readonly string[],
  rules: UrlRules,
  stdin: Readable,
): AsyncGenerator<SeedLine & { source: string }> {
  const sources = await sourcesOf(args);
  for (const [index, from] of sources.entries()) {
    if ('url' in from) yield { source: 'argument', line: index + 1, ...parseSeed(from.url, rules) };
    else {
      const source = from.path ?? 'stdin';
      for await (const seed of readSeeds(openList(from.path ?? stdin), rules)) yield { source, ...seed };
    }
  }
}

/** Throws E_FILE or E_USAGE if an argument is neither a URL nor a list. */
export async function checkSeeds(args: readonly string[]): Promise<void> {
  await sourcesOf(args);
}

/** Where the seeds of these arguments come from. Throws as checkSeeds does. */
export async function sourcesOf(args: readonly string[]): Promise<SeedSource[]> {
  if (args.filter((text) => text === '-').length > 1) {
    throw new DroverError('E_USAGE', 'Standard input (-) can be read only once.');
  }
  const sources: SeedSource[] = [];
  for (const text of args) sources.push(await sourceOf(text));
  return sources;
}

/** Where an argument's seeds come from. A `path` of null means standard input. */
export type SeedSource = { url: string } | { path: string | null };

/**
 * A name alone that ends as files do, though the ending is a public suffix too: `urls.zip`, `readme.md`. It
 * is rather a file that is misspelt. A name with www in front, a port or a path is a host.
 */
const fileName = /^(?!www\.)[^/:?#]+\.(?:md|mov|pl|ps|py|rs|sh|zip)$/i;

async function sourceOf(text: string): Promise<SeedSource> {
  if (text === '-') return { path: null };
  if (/^https?:/i.test(text)) return { url: text };
  if (await isList(text)) return { path: text };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { url: text };
  if (!fileName.test(text) && readBareUrl(text)) return { url: text };
  throw new DroverError('E_FILE', `There is no file ${text}; for a URL, put https:// before it.`);
}

/** Describes a bad line: `urls.txt, line 7: The URL is … (E_URL_SCHEME): ftp://example.com/`. */
export function nameBadLine(seed: { source: string; line: number; failure: Failure; text: string }): string {
  const place = seed.source === 'argument' ? `argument ${seed.line}` : `${seed.source}, line ${seed.line}`;
  const { message, code } = seed.failure;
  return `${printable(place)}: ${printable(message)} (${code}): ${shorten(printable(seed.text), 80)}`;
}
