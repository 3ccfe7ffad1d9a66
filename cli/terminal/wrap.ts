// Text in lines of a terminal's width.
import { widthOf } from '../../src/printable.ts';

/**
 * Breaks the text between words; each line begins with `before`. A longer word gets a line of its own.
 */
export function wrap(text: string, columns: number, before: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && before.length + widthOf(longer) > columns - 1) {
      lines.push(before + line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, before + line];
}
