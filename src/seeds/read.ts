// Turns bytes or JSON values into seeds: checked requests with normalised URLs, or failures with their line
// numbers. A bad line is reported and stops nothing.
import { type Failure, failure } from '../errors.ts';
import { parseRequest, type RequestInput } from '../request.ts';
import { normalizeUrl, type UrlRules } from '../url/normalize.ts';
import { type AssumedScheme, readBareUrl } from './bare-url.ts';
import { maxLineBytes, readLines } from './lines.ts';

/** `text` is the line as it is in the list: not safe to show, and up to the longest line. */
export type SeedLine =
  | { line: number; input: RequestInput; assumed?: AssumedScheme }
  | { line: number; failure: Failure; text: string };

/**
 * Reads the seeds of a list. Each line is a URL or a request as JSON (a line that begins with `{`; a JSON
 * string is a URL). Empty lines and lines that begin with `#` are comments. Failures: those of readLines,
 * parseRequest and normalizeUrl. The list is read only as fast as the seeds are used.
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

/**
 * `assumed` is the scheme of a URL that was given without one. `text` is the bad input as it was given: not
 * safe to show.
 */
export type ParsedSeed =
  | { input: RequestInput; assumed?: AssumedScheme }
  | { failure: Failure; text: string };

/** Parses one line or argument that is neither empty nor a comment. */
export function parseSeed(text: string, rules: UrlRules): ParsedSeed {
  if (!/^[{"]/.test(text)) return parseSeedValue(text, rules);
  const parsed = parseJson(text);
  const seed = 'failure' in parsed ? parsed : parseSeedValue(parsed.value, rules);
  return 'failure' in seed ? { failure: seed.failure, text } : seed;
}

/**
 * Parses one value from a program or a JSON array: a URL, with or without a scheme, or an object of any kind.
 * `text` of a failure is the URL, or empty without one.
 */
export function parseSeedValue(value: unknown, rules: UrlRules): ParsedSeed {
  const parsed = typeof value === 'string' ? { input: { url: value } } : checkValue(value);
  if ('failure' in parsed) return parsed;
  const { url } = parsed.input;
  const bare = readBareUrl(url.trim());
  const normalized = controls.test(url)
    ? { failure: failure('E_URL_INVALID', holdsControl) }
    : normalizeUrl(bare?.url ?? url, rules);
  if ('failure' in normalized) return { failure: normalized.failure, text: url };
  const input = { ...parsed.input, url: normalized.url };
  return bare ? { input, assumed: bare.scheme } : { input };
}

/** A URL parser drops tabs and line ends silently, so two columns or lines would become one wrong URL. */
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
    // This comes before anything recursive: each overflow of the stack would cost 10 ms, and memory for good.
    if (isDeep((value as { userData?: unknown } | null)?.userData, DEEPEST))
      return { failure: failure('E_REQUEST_INVALID', tooDeep), text: urlOf(value) };
    const parsed = parseRequest(value);
    if ('failure' in parsed) return { ...parsed, text: urlOf(value) };
    const { url, userData, headers } = parsed.input;
    if (userData === undefined && headers === undefined) return parsed;
    // A value that was read from a line is within the limit already.
    const isShort = JSON.stringify([userData, headers]).length <= maxLineBytes;
    return isShort ? parsed : { failure: failure('E_REQUEST_INVALID', tooMuch), text: url };
  } catch (error) {
    // A getter of the given object threw.
    const [sentence] = (error as Error).message.split('\n');
    return { failure: failure('E_REQUEST_INVALID', `${sentence}.`), text: '' };
  }
}

const DEEPEST = 64;
const tooDeep = `userData: it is nested more than ${DEEPEST} levels deep.`;

/**
 * Whether arrays and objects are nested more than `room` levels deep. A circular value counts as endlessly
 * deep.
 */
function isDeep(value: unknown, room: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return room === 0 || Object.values(value).some((inner) => isDeep(inner, room - 1));
}

const tooMuch = `userData and headers: at most ${maxLineBytes} characters as JSON.`;

function urlOf(value: unknown): string {
  const { url } = (value ?? {}) as { url?: unknown };
  return typeof url === 'string' ? url : '';
}
