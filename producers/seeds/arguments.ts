// What a command line names (URLs, lists, standard input) to seeds, argument after argument; how a bad one is named to people.
import type { Readable } from 'node:stream';
import { parse as parseHost } from 'tldts';
import { DroverError, type Failure } from '../../src/errors.ts';
import { printable, shorten } from '../../src/log.ts';
import { bareHost, parseSeed, readSeeds, type SeedLine } from '../../src/seeds/read.ts';
import type { UrlRules } from '../../src/url/normalize.ts';
import { isList, openList } from './list-file.ts';

/**
 * The seeds of a command line, argument after argument: `-` is `stdin`, what begins with http:// or https:// is a URL,
 * else a file (a list, gzip'd or not); and `example.com/path` is https://example.com/path if there is no such file and
 * `.com` is a public suffix (so that a misspelt `urls.txt` is not taken for a host). `source` is `stdin`, the
 * path, or `argument` with its place among the arguments as `line`.
 *
 * Throws E_FILE and E_USAGE before the first seed if an argument is none of these, and E_FILE when a file breaks off.
 */
export async function* seedsFromArguments(
  args: readonly string[],
  rules: UrlRules,
  stdin: Readable,
): AsyncGenerator<SeedLine & { source: string }> {
  const places = await placesOf(args);
  for (const [index, place] of places.entries()) {
    if ('url' in place) yield { source: 'argument', line: index + 1, ...parseSeed(place.url, rules) };
    else {
      const source = place.path === null ? 'stdin' : place.path;
      for await (const seed of readSeeds(openList(place.path ?? stdin), rules)) yield { source, ...seed };
    }
  }
}

/** Throws E_FILE or E_USAGE if an argument is neither a URL nor a list. */
export async function checkSeeds(args: readonly string[]): Promise<void> {
  await placesOf(args);
}

async function placesOf(args: readonly string[]): Promise<Place[]> {
  if (args.filter((text) => text === '-').length > 1) {
    throw new DroverError('E_USAGE', 'Standard input (-) can be read only once.');
  }
  const places: Place[] = [];
  for (const text of args) places.push(await placeOf(text));
  return places;
}

/** `path` null is standard input. */
type Place = { url: string } | { path: string | null };

async function placeOf(text: string): Promise<Place> {
  if (text === '-') return { path: null };
  if (/^https?:/i.test(text)) return { url: text };
  if (await isList(text)) return { path: text };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { url: text };
  if (isHost(text)) return { url: `https://${text}` };
  throw new DroverError('E_FILE', `There is no file ${text}; if a URL is meant, put https:// before it.`);
}

/** `example.com`, `example.com:8080/path`, `10.0.0.1`; not `urls.txt`, whose ending is no public suffix. */
function isHost(text: string): boolean {
  if (!bareHost.test(text)) return false;
  const { isIcann, isIp } = parseHost(text);
  return isIcann === true || isIp === true;
}

/** How a bad line is named to people: `urls.txt, line 7: The URL is … (E_URL_SCHEME): ftp://example.com/`. */
export function nameBadLine(seed: { source: string; line: number; failure: Failure; text: string }): string {
  const place = seed.source === 'argument' ? `argument ${seed.line}` : `${seed.source}, line ${seed.line}`;
  const { message, code } = seed.failure;
  return `${printable(place)}: ${printable(message)} (${code}): ${shorten(printable(seed.text), 80)}`;
}
