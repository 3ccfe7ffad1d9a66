// A table in plain text with aligned columns; numbers are aligned to the right.
import { widthOf } from '../../src/printable.ts';

/**
 * Makes the table with a title row. The first `words` columns, and the last column if its title is '', are
 * aligned to the left.
 */
export function columns(head: readonly string[], rows: readonly string[][], words: number): string {
  const widths = head.map((title, at) =>
    Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map(widthOf)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => {
        const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
        return at < words || head[at] === '' ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
