// What handlers write to the log, bounded, so that one that writes without end fills neither disk nor memory.
import { inspect } from 'node:util';
import type { HandlerLog } from './define.ts';

/** Of one page. */
const MOST_LINES = 1000;
/** Of a message, and of the fields of a line as JSON. */
const MOST_CHARACTERS = 10_000;
/** Of the text that stands for a field that is too large or cannot be written. */
const MOST_SHOWN = 1000;

type Fields = Readonly<Record<string, unknown>>;

/** Writes one line. It may throw for fields that it cannot take. */
export type WriteLine = (level: keyof HandlerLog, message: string, fields: Fields) => void;

/** The log of one page. What is too long is cut, and more lines than a page may write are left out. */
export function boundedLog(write: WriteLine): HandlerLog {
  let lines = 0;
  const bounded =
    (level: keyof HandlerLog) =>
    (message: string, fields: Fields = {}): void => {
      lines++;
      if (lines === MOST_LINES + 1) write(level, 'more lines of this page are left out', {});
      if (lines > MOST_LINES) return;
      const text = cut(String(message), MOST_CHARACTERS);
      const shown = isSmall(fields) ? fields : inText(fields);
      try {
        write(level, text, shown);
      } catch {
        write(level, text, inText(fields)); // functions and the like
      }
    };
  return { debug: bounded('debug'), info: bounded('info'), warn: bounded('warn'), error: bounded('error') };
}

function isSmall(fields: Fields): boolean {
  for (const _ in fields) {
    try {
      return JSON.stringify(fields).length <= MOST_CHARACTERS;
    } catch {
      return false; // it holds itself, or a BigInt
    }
  }
  return true;
}

/** Each field as text. */
function inText(fields: Fields): Fields {
  const shown = Object.keys(fields)
    .slice(0, 20)
    .map((key) => [cut(key, 100), cut(textOf(fields, key), MOST_SHOWN)]);
  return Object.fromEntries(shown);
}

function textOf(fields: Fields, key: string): string {
  try {
    const value = fields[key];
    if (typeof value === 'string') return value;
    return inspect(value, { depth: 2, maxArrayLength: 20, maxStringLength: MOST_SHOWN });
  } catch {
    return '(it cannot be read)';
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
