// What a producer is given (URLs, lists, NDJSON) to seeds: each line is a checked request with a normalised URL, or
// a failure with its line number, so that rubbish in a list stops nothing and is named.
import type { Readable } from 'node:stream';
import { parse as parseHost } from 'tldts';
import { DroverError, type Failure, failure } from '../src/errors.ts';
import { printable, shorten } from '../src/log.ts';
import { parseRequest, type RequestInput } from '../src/request.ts';
import { normalizeUrl, type UrlRules } from '../src/url/normalize.ts';
import { readLines } from './lines.ts';
import { isList, openList } from './list-file.ts';

/** `text` is the line as it stands in the list: not safe to show, and of any length up to a line's. */
export type SeedLine =
  | { line: number; input: RequestInput }
  | { line: number; failure: Failure; text: string };

/**
 * The seeds of a list: one URL or one JSON request (a line that begins with `{`) on each line; empty lines and lines
 * that begin with `#` are comments. Failures: those of readLines, parseRequest and normalizeUrl. Reading goes no
 * faster than the consumer of the seeds.
 */
export async function* readSeeds(
  input: AsyncIterable<Buffer>,
  rules: UrlRules = {},
): AsyncGenerator<SeedLine> {
  for await (const lines of readLines(input)) {
    for (const line of lines)
      yield 'failure' in line ? line : { line: line.line, ...parseSeed(line.text, rules) };
  }
}

type Parsed = { input: RequestInput } | { failure: Failure; text: string };

/** One line, or one argument, that is neither empty nor a comment. */
export function parseSeed(text: string, rules: UrlRules): Parsed {
  const parsed = text.startsWith('{') ? parseJson(text) : { input: { url: text } };
  if ('failure' in parsed) return { ...parsed, text };
  const { url } = parsed.input;
  const normalized = controls.test(url)
    ? { failure: failure('E_URL_INVALID', holdsControl) }
    : normalizeUrl(url, rules);
  if ('url' in normalized) return { input: { ...parsed.input, url: normalized.url } };
  return { failure: explained(url, normalized.failure), text };
}

/** Tabs and line ends would vanish from a URL without a word, and two columns or lines become one wrong URL. */
const controls = /[\0-\x1f\x7f]/;
const holdsControl = 'There is a tab, a line end or another control character in it.';

function parseJson(text: string): { input: RequestInput } | { failure: Failure } {
  try {
    return parseRequest(JSON.parse(text));
  } catch (error) {
    // JSON.parse, or the checks of a value nested too deep for the stack.
    return { failure: failure('E_REQUEST_INVALID', `${(error as Error).message}.`) };
  }
}

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

const bareHost = /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+\.?(?::\d+)?(?:[/?#]|$)/u;

/** Says what to write where `https://` was left out; in a list nothing is guessed. */
function explained(text: string, found: Failure): Failure {
  return bareHost.test(text) ? failure('E_URL_INVALID', `Write https://${shorten(text, 200)}`) : found;
}

/** How a bad line is named to people: `urls.txt, line 7: The URL is … (E_URL_SCHEME): ftp://example.com/`. */
export function nameBadLine(seed: { source: string; line: number; failure: Failure; text: string }): string {
  const place = seed.source === 'argument' ? `argument ${seed.line}` : `${seed.source}, line ${seed.line}`;
  const { message, code } = seed.failure;
  return `${printable(place)}: ${printable(message)} (${code}): ${shorten(printable(seed.text), 80)}`;
}
