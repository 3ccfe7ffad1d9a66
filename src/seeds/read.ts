// Bytes, or values as JSON has them, to seeds: each a checked request with a normalised URL, or a failure with its line number, so that rubbish in
// a list stops nothing and is named.
import { type Failure, failure } from '../errors.ts';
import { shorten } from '../log.ts';
import { parseRequest, type RequestInput } from '../request.ts';
import { normalizeUrl, type UrlRules } from '../url/normalize.ts';
import { maxLineBytes, readLines } from './lines.ts';

/** `text` is the line as it stands in the list: not safe to show, and of any length up to a line's. */
export type SeedLine =
  | { line: number; input: RequestInput }
  | { line: number; failure: Failure; text: string };

/**
 * The seeds of a list: one URL or one JSON request (a line that begins with `{`; a string is a URL) on each line; empty lines and lines
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

/** `text` is what cannot be used, as it was given: not safe to show. */
export type ParsedSeed = { input: RequestInput } | { failure: Failure; text: string };

/** One line, or one argument, that is neither empty nor a comment. */
export function parseSeed(text: string, rules: UrlRules): ParsedSeed {
  if (!/^[{"]/.test(text)) return parseSeedValue(text, rules);
  const parsed = parseJson(text);
  const seed = 'failure' in parsed ? parsed : parseSeedValue(parsed.value, rules);
  return 'failure' in seed ? { failure: seed.failure, text } : seed;
}

/** One request of a program's, or of a JSON array: a URL, or an object of any kind. `text` of a failure is its URL, empty where it has none. */
export function parseSeedValue(value: unknown, rules: UrlRules): ParsedSeed {
  const parsed = typeof value === 'string' ? { input: { url: value } } : checkValue(value);
  if ('failure' in parsed) return parsed;
  const { url } = parsed.input;
  const normalized = controls.test(url)
    ? { failure: failure('E_URL_INVALID', holdsControl) }
    : normalizeUrl(url, rules);
  if ('url' in normalized) return { input: { ...parsed.input, url: normalized.url } };
  return { failure: explained(url, normalized.failure), text: url };
}

/** Tabs and line ends would vanish from a URL without a word, and two columns or lines become one wrong URL. */
const controls = /[\0-\x1f\x7f]/;
const holdsControl = 'There is a tab, a line end or another control character in it.';

function parseJson(text: string): { value: unknown } | { failure: Failure } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { failure: failure('E_REQUEST_INVALID', `${(error as Error).message}.`) };
  }
}

function checkValue(value: unknown): ParsedSeed {
  try {
    // Before anything that goes into it without a bound: each overflow of the stack costs 10 ms, and memory for good.
    if (isDeep((value as { userData?: unknown } | null)?.userData, DEEPEST))
      return { failure: failure('E_REQUEST_INVALID', tooDeep), text: urlOf(value) };
    const parsed = parseRequest(value);
    if ('failure' in parsed) return { ...parsed, text: urlOf(value) };
    const { url, userData, headers } = parsed.input;
    if (userData === undefined && headers === undefined) return parsed;
    // What has been a line is no longer than one.
    const isShort = JSON.stringify([userData, headers]).length <= maxLineBytes;
    return isShort ? parsed : { failure: failure('E_REQUEST_INVALID', tooMuch), text: url };
  } catch (error) {
    // A getter of the program's.
    const [sentence] = (error as Error).message.split('\n');
    return { failure: failure('E_REQUEST_INVALID', `${sentence}.`), text: '' };
  }
}

const DEEPEST = 64;
const tooDeep = `userData: it is nested more than ${DEEPEST} deep.`;

/** Whether more than `room` arrays and objects stand within each other; a circle has any number of them. */
function isDeep(value: unknown, room: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return room === 0 || Object.values(value).some((inner) => isDeep(inner, room - 1));
}

const tooMuch = `userData and headers: at most ${maxLineBytes} characters as JSON.`;

function urlOf(value: unknown): string {
  const { url } = (value ?? {}) as { url?: unknown };
  return typeof url === 'string' ? url : '';
}

/** A host without https:// before it: `example.com`, `example.com:8080/path`. */
export const bareHost = /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+\.?(?::\d+)?(?:[/?#]|$)/u;

/** Says what to write where `https://` was left out; in a list nothing is guessed. */
function explained(text: string, found: Failure): Failure {
  return bareHost.test(text) ? failure('E_URL_INVALID', `Write https://${shorten(text, 200)}`) : found;
}
