// Writes CSV (RFC 4180) that is safe to open in a spreadsheet: no cell is taken for a formula.

/**
 * The beginning of a text that a spreadsheet takes for a formula, also after blanks, and also with full-width
 * characters.
 */
const formula = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;
/**
 * A text that must be quoted. Semicolons and tabs count too: in countries with a decimal comma, some
 * spreadsheets split cells at them.
 */
const special = /[",;\t\r\n']|^\s|\s$/;

/**
 * One line of CSV with its end (CR LF). Null and undefined become empty cells, numbers and booleans stay as
 * they are, objects become JSON. A text that a spreadsheet would take for a formula gets a `'` before it,
 * which marks it as text.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed();
  const safe = formula.test(text) ? `'${text}` : text;
  return special.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
