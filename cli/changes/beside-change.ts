// Long lines of a difference, cut so that what differs can be seen.

/** Characters that are shown before the first difference. */
const BEFORE = 24;

/**
 * Of lines as of `diff -u`: where a line that was removed and the one that was added in its place begin alike
 * beyond `width`, the beginning of both is left out.
 */
export function besideChange(lines: readonly string[], width: number): string[] {
  const shown = [...lines];
  for (let at = 0; at < lines.length; ) {
    const removed = runOf(lines, at, '-');
    const added = runOf(lines, at + removed, '+');
    for (let pair = 0; pair < Math.min(removed, added); pair++) {
      const [a, b] = [at + pair, at + removed + pair];
      const alike = commonStart(lines[a] as string, lines[b] as string);
      const longest = Math.max((lines[a] as string).length, (lines[b] as string).length);
      if (longest <= width || alike <= BEFORE) continue;
      const from = Math.min(alike - BEFORE, longest - width + 2);
      if (from > 0) for (const index of [a, b]) shown[index] = withoutStart(lines[index] as string, from);
    }
    at += Math.max(1, removed + added);
  }
  return shown;
}

/** How many lines from `at` on begin with the sign. */
function runOf(lines: readonly string[], at: number, sign: string): number {
  let end = at;
  while (lines[end]?.startsWith(sign)) end++;
  return end - at;
}

/** Behind the sign. */
function commonStart(a: string, b: string): number {
  let at = 1;
  while (at < a.length && a[at] === b[at]) at++;
  return at - 1;
}

function withoutStart(line: string, characters: number): string {
  return `${line[0]}…${line.slice(1 + characters)}`;
}
