// CSV (RFC 4180) that a spreadsheet may open: what a cell holds is shown, never run.

/** What a spreadsheet takes for the beginning of a formula; blanks before it do not count, and full-width forms are taken for the others. */
const formula = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;
/** Semicolons and tabs too: some spreadsheets split at them where the country writes decimal commas. */
const special = /[",;\t\r\n']|^\s|\s$/;

/**
 * One line with its end (CR LF). Nothing for null and undefined, numbers and booleans as they are, objects as JSON. A text that a spreadsheet would take for a formula
 * gets a `'` before it, which says: this is text.
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
