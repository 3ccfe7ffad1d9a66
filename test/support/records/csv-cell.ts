// What a strict reader makes of a cell of CSV, by the rule in docs/EXPORTS.md.

/** `isAny`: objects and lists may stand in its column. */
export function valueOfCell(text: string, isQuoted: boolean, isAny: boolean): unknown {
  if (text.startsWith("'")) return text.slice(1);
  if (!isQuoted && text === '') return null;
  if (!isQuoted && /^(-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?|true|false)$/i.test(text)) return JSON.parse(text);
  return isAny && /^\s*[[{]/.test(text) ? JSON.parse(text) : text;
}
