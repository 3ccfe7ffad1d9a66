// Recognises by their URLs the pages of a trap, which is a site without end: paths that repeat themselves,
// and URLs that differ only in a number. These functions run for every link, so they compare characters and
// build no strings.

const slash = 0x2f;
const questionMark = 0x3f;
const percent = 0x25;

/**
 * Where the segments of the current path begin, and where the last one ends. Every call of mostRepeats reuses
 * it.
 */
const starts = new Int32Array(17);

/**
 * How often the most frequent segment occurs in the path of a normalised URL: 3 for `/a/b/a/b/a`. Empty
 * segments do not count, so the result is 0 for `/`. Segments are equal if they are spelled the same.
 */
export function mostRepeats(url: string): number {
  let count = 0;
  let at = url.indexOf('/', 8);
  for (; at < url.length; at += 1) {
    const code = url.charCodeAt(at);
    if (code === questionMark) break;
    if (code !== slash) continue;
    if (count === starts.length - 1) return mostOfMany(url);
    starts[count] = at + 1;
    count += 1;
  }
  starts[count] = at + 1;
  return mostOfFew(url, count);
}

/**
 * Compares each segment with those after it. This is fast: most differ in length or in the first character.
 */
function mostOfFew(url: string, count: number): number {
  let most = 0;
  for (let first = 0; first + most < count; first += 1) {
    const start = starts[first] as number;
    const length = (starts[first + 1] as number) - start - 1;
    if (length === 0) continue;
    let repeats = 1;
    for (let second = first + 1; second < count; second += 1) {
      const other = starts[second] as number;
      if ((starts[second + 1] as number) - other - 1 === length && isSameText(url, start, other, length))
        repeats += 1;
    }
    if (repeats > most) most = repeats;
  }
  return most;
}

function isSameText(url: string, start: number, other: number, length: number): boolean {
  for (let offset = 0; offset < length; offset += 1) {
    if (url.charCodeAt(start + offset) !== url.charCodeAt(other + offset)) return false;
  }
  return true;
}

/**
 * For paths with many segments: takes time linear in the length, however many segments a hostile site makes.
 */
function mostOfMany(url: string): number {
  const [path = ''] = url.slice(url.indexOf('/', 8)).split('?', 1);
  const repeats = new Map<string, number>();
  for (const segment of path.split('/')) {
    if (segment !== '') repeats.set(segment, (repeats.get(segment) ?? 0) + 1);
  }
  return repeats.values().reduce((most, count) => Math.max(most, count), 0);
}

/**
 * Whether two normalised URLs differ only in numbers, as `/cal?month=2026-11` and `/cal?month=2026-12` do.
 * Numbers may have different lengths. Returns false for equal URLs. Digits in the host and in
 * percent-encoding must be equal: many letters of other alphabets differ only in the digits of their
 * percent-encoding.
 */
export function isLookAlike(url: string, other: string): boolean {
  if (url === other) return false;
  const pathStart = url.indexOf('/', 8);
  if (other.indexOf('/', 8) !== pathStart) return false;
  // Compare from the end: links of one page mostly differ there, often in the last character.
  let here = url.length - 1;
  let there = other.length - 1;
  while (here > pathStart && there > pathStart) {
    if (isDigit(url, here) && isDigit(other, there)) {
      here = beforeDigits(url, here);
      there = beforeDigits(other, there);
    } else if (url.charCodeAt(here) === other.charCodeAt(there)) {
      here -= 1;
      there -= 1;
    } else {
      return false;
    }
  }
  return here === there && url.slice(0, pathStart) === other.slice(0, pathStart);
}

/** Whether the character is a digit and is not one of the two characters after a percent sign. */
function isDigit(url: string, at: number): boolean {
  const code = url.charCodeAt(at);
  if (code < 0x30 || code > 0x39) return false;
  return url.charCodeAt(at - 1) !== percent && url.charCodeAt(at - 2) !== percent;
}

function beforeDigits(url: string, last: number): number {
  let at = last - 1;
  while (isDigit(url, at)) at -= 1;
  return at;
}
