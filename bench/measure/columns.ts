// Aligns columns for the output of the benchmarks.

/** A table as text. The first `words` columns are aligned to the left, the others to the right. */
export function inColumns(rows: readonly string[][], words = 1): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const cells = (row: string[]) =>
    row.map((cell, column) => cell[column < words ? 'padEnd' : 'padStart'](widths[column] ?? 0));
  return rows.map((row) => cells(row).join('  ')).join('\n');
}

/** The same table in Markdown. */
export function inMarkdown(rows: readonly string[][], words = 1): string {
  const align = (rows[0] ?? []).map((_, column) => (column < words ? '---' : '--:'));
  return [...rows.slice(0, 1), align, ...rows.slice(1)]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** Such as 12,345.6. */
export function grouped(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
