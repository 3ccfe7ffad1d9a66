// A table in plain text with aligned columns; numbers are aligned to the right.
import stringWidth from 'string-width';

/**
 * Makes the table with a title row. The first `words` columns, and the last column if its title is '', are
 * aligned to the left.
 */
export function columns(head: readonly string[], rows: readonly string[][], words: number): string {
  const widths = head.map((title, at) =>
    Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map(stringWidthOf)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => {
        const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - stringWidth(cell)));
        return at < words || head[at] === '' ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

const stringWidthOf = (text: string) => stringWidth(text);
