// Pieces of a terminal line: safe text with a style. On a narrow terminal whole pieces are left out.
import { printable, shorten, widthOf } from '../../src/printable.ts';

const codes = { plain: '', bold: '1', dim: '2', red: '31', green: '32', yellow: '33' } as const;

export type Style = keyof typeof codes;

/** Text in which terminal control characters are made visible, and the style that drover gives it. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export function piece(text: string, style: Style = 'plain'): Piece {
  return { text: printable(text), style };
}

export function paint({ text, style }: Piece, colour: boolean): string {
  return colour && style !== 'plain' ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
}

export interface Fitted {
  readonly text: string;
  /** Width in columns. */
  readonly width: number;
}

/**
 * Joins as many pieces as fit into `columns`, with `separator` between them. The first is shortened if it
 * does not fit.
 */
export function fit(pieces: readonly Piece[], columns: number, colour: boolean, separator = ' · '): Fitted {
  let [text, width] = ['', 0];
  for (const next of pieces) {
    const gap = width === 0 ? '' : separator;
    const room = columns - width - widthOf(gap);
    const isFirst = width === 0;
    if (!isFirst && widthOf(next.text) > room) break;
    const shown = { ...next, text: shorten(next.text, room) };
    text += paint({ text: gap, style: 'dim' }, colour && gap !== '') + paint(shown, colour);
    width += widthOf(gap) + widthOf(shown.text);
  }
  return { text, width };
}
