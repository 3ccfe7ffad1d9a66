// Writes CSV (RFC 4180) that is safe to open in a spreadsheet: no cell is taken for a formula. A strict
// reader gets everything back (docs/EXPORTS.md tells the rule): a quoted cell is text, an empty one that is
// not quoted is null, and of a text that begins with ' this first ' is left out.

/** The first character of a text that is not a blank and can be seen. */
const firstVisible = /^[\s\p{Cc}\p{Cf}]*(.)/u;
/**
 * A text that must be quoted. Semicolons and tabs count too: in countries with a decimal comma, some
 * spreadsheets split cells at them.
 */
const special = /[",;\t\r\n']|^\s|\s$/;

/** A text that, without quotes, would be read as a number, as true or false, or as nothing. */
const otherwiseRead = /^(-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?|true|false|)$/i;

/** A text that is marked as text, because the others in its column may be objects or lists. */
export class MarkedText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The cell for a value of any kind: a text that begins as an object or a list does is marked as text. */
export function cellOfAny(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[[{]/.test(value) ? new MarkedText(value) : value;
}

/**
 * One line of CSV with its end (CR LF). Null and undefined become empty cells, numbers and booleans stay as
 * they are, objects become JSON. A text that a spreadsheet would take for a formula gets a `'` before it,
 * which marks it as text, and so does a text that begins with `'`. Lone surrogates, for which UTF-8 has no
 * form, become U+FFFD; within JSON they are escaped.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value instanceof MarkedText) return textCell(`'${value.text}`);
  if (typeof value !== 'string') return textCell(JSON.stringify(value) ?? '');
  return textCell(value.startsWith("'") || isFormula(value) ? `'${value}` : value);
}

/**
 * Whether a spreadsheet takes the text for a formula: also after blanks, and also with a wide, small or
 * raised form of the sign, which some read as the sign itself.
 */
function isFormula(text: string): boolean {
  const [, first = ''] = firstVisible.exec(text) ?? [];
  return /^[=+\-@]/.test(first.normalize('NFKC')) || /^[\t\r\n]/.test(text);
}

function textCell(text: string): string {
  const isQuoted = special.test(text) || otherwiseRead.test(text);
  const wellFormed = text.toWellFormed();
  return isQuoted ? `"${wellFormed.replaceAll('"', '""')}"` : wellFormed;
}
